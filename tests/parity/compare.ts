/** Runs a graph on an engine and compares every value with the reference, bit for bit. */
import type { IntegerGraph } from '../../ts/integer/integer-graph.js';
import { createIntegerProgram } from '../../ts/session/integer-program.js';
import type { ProgramOptions } from '../../ts/session/convolution-algorithm.js';
import type { ObservedValue, Program, ProgramInput } from '../../ts/session/program.js';
import type { Engine } from '../../ts/wasm/engine.js';
import type { Case, Interpreted } from './interpreter.js';
import type { Sample } from './samples.js';

/** Bytes that activations and pad channels hold before a run: nothing of them may be seen. */
const POISON = [0xa5, 0xff, 0x80, 0x7f, 0x00] as const;

/** What differs, one sentence per value; none if everything agrees. The program is disposed of. */
export function differences(engine: Engine, { graph, samples }: Case, expected: Interpreted, options: ProgramOptions = {}): string[] {
  let program: Program;
  try {
    program = createIntegerProgram(engine, graph, options);
  } catch (error) {
    return [`${engine.flavour} "${graph.name}": no program: ${String(error)}`];
  }
  const algorithm = options.convolution === undefined ? '' : ` ${options.convolution}`;
  try {
    return samples.flatMap((sample, index) => {
      program.poison(POISON[index % POISON.length] ?? 0);
      const place = `${engine.flavour}${algorithm} "${graph.name}" sample ${index}`;
      return runDifferences(program, graph, sample, expected[index] ?? []).map((text) => `${place}: ${text}`);
    });
  } catch (error) {
    return [`${engine.flavour} "${graph.name}": ${String(error)}`];
  } finally {
    program.dispose();
  }
}

function inputsOf(graph: IntegerGraph, sample: Sample): Map<string, ProgramInput> {
  return new Map(graph.inputs.map(({ name }, i) => [name, { kind: 'codes', data: sample[i] ?? new Int32Array() }]));
}

/** All codes that a run shows, by value index. */
export function observe(program: Program, graph: IntegerGraph, sample: Sample): { seen: Map<number, Int32Array>; outputs: Map<string, Float32Array>; complaints: string[] } {
  const seen = new Map<number, Int32Array>();
  const complaints: string[] = [];
  const outputs = program.run(inputsOf(graph, sample), (value: ObservedValue) => {
    const codes = value.read();
    if (!(codes instanceof Int32Array)) complaints.push(`value ${value.index} "${value.name}" shown as floats`);
    else if (seen.has(value.index)) complaints.push(`value ${value.index} "${value.name}" shown twice`);
    else seen.set(value.index, codes);
  });
  return { seen, outputs, complaints };
}

function runDifferences(program: Program, graph: IntegerGraph, sample: Sample, expected: readonly Int32Array[]): string[] {
  const { seen, outputs, complaints } = observe(program, graph, sample);
  for (const [index, value] of graph.values.entries()) {
    const codes = seen.get(index);
    const reference = expected[index];
    const maker = graph.operations.find((operation) => operation.outputs.includes(index));
    const place = `${maker === undefined ? 'input' : `${maker.op} "${maker.name}"`} value ${index} [${value.shape.join(', ')}]`;
    if (codes === undefined) complaints.push(`${place}: never shown`);
    else if (reference === undefined) complaints.push(`${place}: not in the reference`);
    else if (codes.length !== reference.length) complaints.push(`${place}: ${codes.length} codes, expected ${reference.length}`);
    else complaints.push(...firstDifference(codes, reference).map((text) => `${place}: ${text}`));
  }
  return [...complaints, ...outputDifferences(graph, outputs, expected)];
}

function firstDifference(codes: ArrayLike<number>, reference: ArrayLike<number>): string[] {
  for (let i = 0; i < reference.length; i++) {
    if (!Object.is(codes[i], reference[i])) return [`element ${i} is ${codes[i]}, expected ${reference[i]}`];
  }
  return [];
}

/** Outputs without softmax are the codes by SPEC 1.3; with softmax they are probabilities (its bits: `softmax.json`). */
function outputDifferences(graph: IntegerGraph, outputs: ReadonlyMap<string, Float32Array>, expected: readonly Int32Array[]): string[] {
  return graph.outputs.flatMap(({ name, value, softmax }) => {
    const floats = outputs.get(name);
    const { scale = 0, zeroPoint = 0 } = graph.values[value] ?? {};
    const reals = Float32Array.from(expected[value] ?? [], (code) => Math.fround(Math.fround(code - zeroPoint) * scale));
    if (floats === undefined) return [`output "${name}": missing`];
    if (floats.length !== reals.length) return [`output "${name}": ${floats.length} elements, expected ${reals.length}`];
    if (softmax !== null) return floats.every((p) => p >= 0 && p <= 1.0001) ? [] : [`output "${name}": not probabilities`];
    // A code at the zero point is +0 or −0 alike.
    return firstDifference(floats.map((x) => x + 0), reals.map((x) => x + 0)).map((text) => `output "${name}": ${text}`);
  });
}
