/** `load(…, { memory: 'compact' })`: weights as small as the file has them; their panels are made in every run, in memory that layers share. */
import type { IntegerTensor } from '../../integer/integer-graph.js';
import { packNibbles } from '../../integer/nibbles.js';
import { at, type Packing, type StepBuffer } from '../assembler.js';
import type { Operands } from './conv2d.js';
import type { Linear } from './choose-direct.js';
import type { LowerContext, PlacedValue } from './context.js';

/** A tenth of a byte for what stands before the nibbles of a panel. */
const MOST_BYTES_PER_NIBBLE = 0.6;

/** Packed weights that take no more may rest as they are: nibbles of 4-bit weights, bytes of others. */
export function compactBytes({ dtype, data }: IntegerTensor): number {
  return dtype === 'i4' ? Math.floor(MOST_BYTES_PER_NIBBLE * data.length) : data.length;
}

/** Steps that unpack and pack right before the layer, whose panels live no longer than it. */
export function packedEachRun(context: LowerContext, operation: Linear, input: PlacedValue, packing: Packing, bytes: number): Operands {
  const { assembler, engine } = context;
  const { kernel, inC, outC, kernelH, kernelW } = packing;
  const perChannel = 4 * engine.packedChannels(outC);
  const made = (label: string, size: number): StepBuffer => assembler.activation(`${operation.name} ${label}`, size);
  const operands = { weights: made('panels', bytes), bias: made('packed bias', perChannel), multipliers: made('packed multipliers', perChannel) };
  const bias = context.bias(operation.bias);
  const multipliers = context.multipliers(operation.requantization);
  const fields = {
    weightsOffset: at(codes(context, operation)),
    biasOffset: bias === null ? 0 : at(assembler.constant(`${operation.name} bias`, bias)),
    multiplierOffset: at(assembler.constant(`${operation.name} multipliers`, multipliers)),
    multiplierCount: multipliers.length,
    inZeroPoint: input.info.zeroPoint,
    inC,
    outC,
    kernelH,
    kernelW,
    packedWeightsOffset: at(operands.weights),
    packedBiasOffset: at(operands.bias),
    packedMultiplierOffset: at(operands.multipliers),
  };
  if (kernel === 'pack_conv2d_relaxed') assembler.step(kernel, { ...fields, inContainer: packing.inContainer, dot: packing.dot });
  else assembler.step(kernel, fields);
  return operands;
}

/** The plain codes of the weights, for the next step. */
function codes(context: LowerContext, { name, weight }: Linear): StepBuffer {
  const { assembler } = context;
  const plain = context.weights(weight);
  if (context.tensor(weight).dtype !== 'i4') return assembler.constant(`${name} weights`, plain);
  const nibbles = assembler.constant(`${name} nibbles`, packNibbles(plain));
  const unpacked = assembler.activation(`${name} codes`, plain.length);
  assembler.step('unpack_i4', { inputOffset: at(nibbles), outputOffset: at(unpacked), count: plain.length });
  return unpacked;
}
