/** What users feed a model, checked and cut into the samples that a Program runs one by one. */
import { DyadicError } from '../errors.js';
import type { Preprocess } from '../integer/integer-graph.js';
import { elementCount, sameShape, showShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { isPicture, preprocessPicture, type Picture } from './preprocess.js';
import type { ProgramInput } from './program.js';

/**
 * One input: an f32 tensor of the input's shape, or with another batch size in front; the plain floats of one sample; or a picture (`ImageData`
 * is one) for inputs with a preprocess block.
 */
export type ModelInput = Tensor | Float32Array | Picture;

/** One input for networks that have one, else an input for each name. */
export type ModelInputs = ModelInput | Readonly<Record<string, ModelInput>>;

export interface InputInfo {
  readonly name: string;
  /** ONNX axes; a batch axis of 1 in front takes any batch. */
  readonly shape: readonly number[];
  /** How pictures enter, and the labels of the classes, if the network says so. */
  readonly preprocess: Preprocess | null;
}

/** One map of Program inputs per sample. */
export type Samples = readonly ReadonlyMap<string, ProgramInput>[];

/**
 * Throws ERR_ARGUMENT, ERR_DTYPE, ERR_SHAPE, ERR_IMAGE or ERR_DISPOSED; whether floats are finite is asked when they are in the arena. Plain floats are not
 * copied: {@link owned} does, for runs that wait.
 */
export function toSamples(infos: readonly InputInfo[], given: ModelInputs): Samples {
  const named = byName(infos, given);
  const columns = infos.map((info) => ({ info, samples: samplesOf(info, named[info.name] as ModelInput) }));
  const batch = columns[0]?.samples.length ?? 1;
  for (const { info, samples } of columns) {
    if (samples.length !== batch) {
      throw new DyadicError('ERR_SHAPE', { op: 'run', argument: info.name, expected: `a batch of ${batch} as the first input`, received: `a batch of ${samples.length}` });
    }
  }
  return Array.from({ length: batch }, (_, i) => new Map(columns.map(({ info, samples }) => [info.name, samples[i] as ProgramInput])));
}

/** The same samples in memory of their own: what they were made of may change before they run. */
export function owned(samples: Samples): Samples {
  return samples.map((inputs) => new Map([...inputs].map(([name, input]) => [name, input.kind === 'f32' ? { ...input, data: input.data.slice() } : input])));
}

function isSingle(given: ModelInputs): given is ModelInput {
  return given instanceof Tensor || ArrayBuffer.isView(given) || isPicture(given);
}

function byName(infos: readonly InputInfo[], given: ModelInputs): Readonly<Record<string, ModelInput>> {
  const names = infos.map(({ name }) => `"${name}"`).join(', ');
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new DyadicError('ERR_ARGUMENT', { op: 'run', argument: 'input', expected: 'a Tensor, a Float32Array, a picture or an object of these by name', received: Array.isArray(given) ? `an Array of ${given.length}` : String(given) });
  }
  if (isSingle(given)) {
    const [only] = infos;
    if (infos.length === 1 && only !== undefined) return { [only.name]: given };
    throw new DyadicError('ERR_ARGUMENT', { op: 'run', argument: 'input', expected: `an object with the inputs ${names}`, received: 'one input' });
  }
  for (const { name, shape } of infos) {
    if (given[name] === undefined) throw new DyadicError('ERR_ARGUMENT', { op: 'run', argument: name, expected: `an input of shape ${showShape(shape)}`, received: 'nothing' });
  }
  for (const name of Object.keys(given)) {
    if (!infos.some((info) => info.name === name)) throw new DyadicError('ERR_ARGUMENT', { op: 'run', argument: name, expected: `one of ${names}`, received: 'no input of the network' });
  }
  return given;
}

function samplesOf(info: InputInfo, given: ModelInput): ProgramInput[] {
  if (given instanceof Tensor) return tensorSamples(info, given);
  if (given instanceof Float32Array) return plainSample(info, given);
  if (isPicture(given)) return [pictureSample(info, given)];
  throw new DyadicError('ERR_DTYPE', { op: 'run', argument: info.name, expected: 'an f32 Tensor, a Float32Array or a picture', received: Object.prototype.toString.call(given) });
}

function tensorSamples(info: InputInfo, tensor: Tensor): ProgramInput[] {
  if (tensor.dtype !== 'f32') throw new DyadicError('ERR_DTYPE', { op: 'run', argument: info.name, expected: 'f32', received: tensor.dtype });
  return floatSamples(info, tensor.shape, tensor.toArray() as Float32Array);
}

/** The floats of one sample: their number is all the shape they have. */
function plainSample(info: InputInfo, data: Float32Array): ProgramInput[] {
  const count = elementCount(info.shape);
  if (data.length !== count) throw new DyadicError('ERR_SHAPE', { op: 'run', argument: info.name, expected: `${count} floats, ${showShape(info.shape)}`, received: `${data.length}` });
  return floatSamples(info, info.shape, data);
}

function floatSamples(info: InputInfo, shape: readonly number[], data: Float32Array): ProgramInput[] {
  const count = elementCount(info.shape);
  const isBatch = info.shape[0] === 1 && shape.length === info.shape.length && (shape[0] as number) >= 1 && sameShape(shape.slice(1), info.shape.slice(1));
  if (!isBatch && !sameShape(shape, info.shape)) {
    const expected = info.shape[0] === 1 ? `[${['N', ...info.shape.slice(1)].join(', ')}]` : showShape(info.shape);
    throw new DyadicError('ERR_SHAPE', { op: 'run', argument: info.name, expected, received: showShape(shape) });
  }
  return Array.from({ length: isBatch ? (shape[0] as number) : 1 }, (_, i) => ({ kind: 'f32', data: data.subarray(i * count, (i + 1) * count), first: i * count }));
}

function pictureSample(info: InputInfo, picture: Picture): ProgramInput {
  if (info.preprocess === null) {
    throw new DyadicError('ERR_DTYPE', { op: 'run', argument: info.name, expected: 'f32: this input has no preprocess block', received: 'a picture' });
  }
  return { kind: 'pixels', data: preprocessPicture(picture, info.preprocess), channels: info.preprocess.channels === 'gray' ? 1 : 3 };
}
