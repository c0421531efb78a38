/** A Program from an IntegerGraph: codes in, codes between, floats out. */
import type { IntegerGraph } from '../integer/integer-graph.js';
import type { Engine } from '../wasm/engine.js';
import { Assembler, at, floatBits, type StepBuffer, type StepRange } from './assembler.js';
import type { ProgramOptions } from './convolution-algorithm.js';
import { elementCount } from '../graph/shape.js';
import { isRowMajor } from './layout.js';
import { LowerContext, type PlacedValue } from './lower/context.js';
import { lowerOperation } from './lower/index.js';
import { integerInput } from './integer-input.js';
import { observedValue } from './observed-value.js';
import type { Program } from './program.js';
import { ProgramMemory } from './program-memory.js';
import { softmax } from './softmax.js';
import { StepProgram, type OperationSteps, type OutputPort } from './step-program.js';
import { stridedCopy, wholeView } from './strided-copy.js';

/**
 * Lays the network out for this engine, packs its weights and allocates everything a run needs.
 * The graph must be valid (SPEC 6; `decodeDyad` and the quantizer see to that). Throws ERR_MEMORY.
 */
export function createIntegerProgram(engine: Engine, graph: IntegerGraph, options: ProgramOptions = {}): Program {
  const assembler = new Assembler();
  const context = new LowerContext(engine, graph, assembler, options);
  const inputs = graph.inputs.map((input) => integerInput(context, input));
  const operations = graph.operations.map((operation): OperationSteps => {
    const first = assembler.position;
    lowerOperation(context, operation);
    const made = operation.outputs.filter((output): output is number => output !== null);
    for (const index of made) assembler.keepForHost(context.value(index).buffer);
    return {
      name: operation.name,
      op: operation.op,
      kernels: assembler.kernels(first, assembler.position),
      dot: assembler.dot(first, assembler.position),
      weightBytes: assembler.weightBytes(first, assembler.position),
      ranges: assembler.ranges(first, assembler.position),
      values: made.map((index) => observedValue(context, index)),
    };
  });
  const outputs = graph.outputs.map((output) => outputPort(context, output));
  return new StepProgram({ kind: 'integer', inputs, operations, outputs, memory: new ProgramMemory(engine, assembler) });
}

/** Row-major codes, then floats (1.3), then softmax if the output has one. */
function outputPort(context: LowerContext, output: IntegerGraph['outputs'][number]): OutputPort {
  const { assembler, engine } = context;
  const value = context.value(output.value);
  const { shape } = value.info;
  const count = elementCount(shape);
  const first = assembler.position;
  const codes = rowMajorCodes(context, output.name, value);
  const floats = assembler.activation(`${output.name} floats`, count * 4);
  assembler.step('dequantize_f32', {
    inputOffset: at(codes),
    outputOffset: at(floats),
    count,
    scaleBits: floatBits(value.info.scale),
    zeroPoint: value.info.zeroPoint,
    inContainer: value.container,
  });
  const result = output.softmax === null ? floats : assembler.activation(`${output.name} probabilities`, count * 4);
  if (output.softmax !== null) softmax(assembler, floats, result, shape, output.softmax);
  assembler.keepForHost(result);
  const ranges: readonly StepRange[] = assembler.ranges(first, assembler.position);
  return { name: output.name, shape, ranges, read: () => engine.f32(result.address, count).slice() };
}

function rowMajorCodes(context: LowerContext, name: string, value: PlacedValue): StepBuffer {
  if (isRowMajor(value.layout)) return value.buffer;
  const { buffer, layout } = context.rowMajorTemporary(`${name} codes`, value.info.shape, value.container);
  stridedCopy(context.assembler, value.info.shape, layout.elementBytes, wholeView(value.buffer, value.layout), wholeView(buffer, layout));
  return buffer;
}
