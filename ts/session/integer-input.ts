/** An input of an integer Program: floats, codes or pixels become the codes of its value. */
import { DyadicError } from '../errors.js';
import type { IntegerGraph, Preprocess } from '../integer/integer-graph.js';
import { at, floatBits, type StepBuffer, type StepRange } from './assembler.js';
import { elementCount } from '../graph/shape.js';
import { isRowMajor } from './layout.js';
import type { LowerContext, PlacedValue } from './lower/context.js';
import { observedValue } from './observed-value.js';
import { hasByteCodes, pixelCodes, pixelTableBytes, sourceByte } from './pixel-table.js';
import type { ProgramInput } from './program.js';
import { writeCodes } from './read-codes.js';
import { kindError, lengthError, type InputPort } from './step-program.js';
import { stridedCopy, wholeView } from './strided-copy.js';
import { writeFloats } from './write-floats.js';

/** Lowers every way in; which of the step ranges runs is decided by what `write` is given. */
export function integerInput(context: LowerContext, input: IntegerGraph['inputs'][number]): InputPort {
  const { assembler, engine } = context;
  const value = context.value(input.value);
  const { info } = value;
  const count = elementCount(info.shape);
  const staging = assembler.activation(`${input.name} staging`, count * 4);
  assembler.touch(staging, assembler.position);
  assembler.touch(value.buffer, assembler.position);
  const floatSteps = lowerFloats(context, input.name, value, staging);
  const pixels = input.preprocess !== null && hasByteCodes(info.dtype) ? lowerPixels(context, value, staging, input.preprocess) : null;
  assembler.keepForHost(value.buffer);
  return {
    name: input.name,
    shape: info.shape,
    value: observedValue(context, input.value),
    check: (given) => checkInput(input.name, value, pixels?.channels ?? null, given),
    write: (given) => {
      if (given.kind === 'codes') {
        writeCodes(engine, value.buffer.address, value.layout, given.data);
        return [];
      }
      if (given.kind === 'f32') {
        writeFloats(engine, staging.address, input.name, given);
        return floatSteps;
      }
      engine.bytes(staging.address, given.data.length).set(given.data);
      pixels?.fillTables();
      return pixels?.ranges ?? [];
    },
  };
}

/** SPEC 1.3 to row-major codes, then into the value's layout. */
function lowerFloats(context: LowerContext, name: string, value: PlacedValue, staging: StepBuffer): readonly StepRange[] {
  const { assembler } = context;
  const { info, layout, container } = value;
  const first = assembler.position;
  const rowMajor = isRowMajor(layout) ? null : context.rowMajorTemporary(`${name} codes`, info.shape, container);
  assembler.step('quantize_f32', {
    inputOffset: at(staging),
    outputOffset: at(rowMajor?.buffer ?? value.buffer),
    count: elementCount(info.shape),
    scaleBits: floatBits(info.scale),
    zeroPoint: info.zeroPoint,
    outContainer: container,
    lo: info.range[0],
    hi: info.range[1],
  });
  if (rowMajor !== null) stridedCopy(assembler, info.shape, layout.elementBytes, wholeView(rowMajor.buffer, rowMajor.layout), wholeView(value.buffer, layout));
  return assembler.ranges(first, assembler.position);
}

interface PixelSteps {
  readonly channels: number;
  readonly ranges: readonly StepRange[];
  /** Before the first picture: networks that are fed floats never need the tables. */
  fillTables(): void;
}

/** SPEC 5.1: bytes of a pixel through one table per channel, straight into NHWC. */
function lowerPixels(context: LowerContext, value: PlacedValue, staging: StepBuffer, preprocess: Preprocess): PixelSteps {
  const { assembler, engine } = context;
  const [, channels, h, w] = value.info.shape as [number, number, number, number];
  const tables = assembler.weights(`${value.info.name} pixel tables`, pixelTableBytes(channels));
  const first = assembler.position;
  const source = (c: number): number => (c < channels ? sourceByte(preprocess.channels, c) : 0);
  assembler.step('lookup_pixels', {
    inputOffset: at(staging),
    tablesOffset: at(tables),
    outputOffset: at(value.buffer),
    pixels: h * w,
    inChannels: channels,
    outChannels: channels,
    outStride: value.layout.strides[3] as number,
    source0: source(0),
    source1: source(1),
    source2: source(2),
    source3: source(3),
  });
  let isFilled = false;
  const fillTables = (): void => {
    if (isFilled) return;
    engine.bytes(tables.address, tables.bytes).set(pixelCodes(preprocess, channels, value.info));
    isFilled = true;
  };
  return { channels, ranges: assembler.ranges(first, assembler.position), fillTables };
}

function checkInput(name: string, value: PlacedValue, pixelChannels: number | null, given: ProgramInput): void {
  const { info } = value;
  const count = elementCount(info.shape);
  if (given.kind === 'pixels') {
    if (pixelChannels === null) throw kindError(name, 'floats: this input has no preprocess block', 'pixels');
    if (given.channels !== pixelChannels) {
      throw new DyadicError('ERR_SHAPE', { op: 'run', argument: name, expected: `${pixelChannels} bytes per pixel`, received: `${given.channels}` });
    }
  }
  if (given.data.length !== count) throw lengthError(name, count, info.shape, given.data.length);
  if (given.kind !== 'codes') return;
  const [lo, hi] = info.range;
  for (let index = 0; index < count; index++) {
    const code = given.data[index] as number;
    if (code < lo || code > hi) throw new DyadicError('ERR_ARGUMENT', { op: 'run', argument: `${name}[${index}]`, expected: `a code within ${lo}..${hi}`, received: `${code}` });
  }
}
