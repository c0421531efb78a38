import { DyadicError } from '../../errors.js';
import type { Graph } from '../../graph/graph.js';

export type Sample = ReadonlyMap<string, Float32Array>;
export type CalibrationData = Iterable<Float32Array | Sample> | AsyncIterable<Float32Array | Sample>;

/**
 * Reads all samples into memory (calibration passes over them more than once) and checks them.
 * Throws ERR_CALIBRATION when there are none, ERR_SHAPE for a wrong element count, ERR_NAN for what is no finite number.
 */
export async function collectSamples(graph: Graph, data: CalibrationData, signal: AbortSignal | undefined): Promise<Sample[]> {
  const samples: Sample[] = [];
  if (typeof data !== 'object' || data === null || !(Symbol.iterator in data || Symbol.asyncIterator in data)) {
    throw new DyadicError('ERR_ARGUMENT', { op: 'quantize', argument: 'calibration', expected: 'something to iterate over, such as an array of Float32Arrays', received: data === null ? 'null' : typeof data });
  }
  for await (const sample of data) {
    throwIfAborted(signal);
    samples.push(checkSample(graph, sample, samples.length));
  }
  if (samples.length === 0) throw new DyadicError('ERR_CALIBRATION', { op: 'quantize', argument: 'calibration', expected: 'at least one sample', received: 'none' });
  return samples;
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new DyadicError('ERR_ABORTED', { op: 'quantize', cause: signal.reason, expected: 'to finish', received: 'an abort' });
}

function checkSample(graph: Graph, sample: Float32Array | Sample, position: number): Sample {
  if (!(sample instanceof Float32Array || sample instanceof Map)) {
    throw new DyadicError('ERR_CALIBRATION', { op: 'quantize', argument: `calibration sample ${position}`, expected: 'a Float32Array, or a Map of them by input', received: Object.prototype.toString.call(sample) });
  }
  const named: Sample = sample instanceof Float32Array ? singleInput(graph, sample, position) : sample;
  const copy = new Map<string, Float32Array>();
  for (const input of graph.inputs) {
    const argument = `calibration sample ${position}, input ${input}`;
    const data = named.get(input);
    if (!(data instanceof Float32Array)) throw new DyadicError('ERR_CALIBRATION', { op: 'quantize', argument, expected: 'a Float32Array', received: data === undefined ? 'nothing' : typeof data });
    const shape = graph.values.get(input)?.shape ?? [];
    const count = shape.reduce((a, b) => a * b, 1);
    if (data.length !== count) throw new DyadicError('ERR_SHAPE', { op: 'quantize', argument, expected: `${count} elements of shape [${shape.join(', ')}]`, received: `${data.length}` });
    const bad = data.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) throw new DyadicError('ERR_NAN', { op: 'quantize', argument, expected: 'finite numbers', received: `${data[bad]} at index ${bad}` });
    copy.set(input, data.slice());
  }
  return copy;
}

function singleInput(graph: Graph, data: Float32Array, position: number): Sample {
  if (graph.inputs.length === 1) return new Map([[graph.inputs[0]!, data]]);
  throw new DyadicError('ERR_CALIBRATION', {
    op: 'quantize', argument: `calibration sample ${position}`, expected: `a Map with the inputs ${graph.inputs.join(', ')}`, received: 'one Float32Array',
  });
}
