/** A Program from a Graph: row-major f32 in ONNX axes throughout. Calibration observes it; comparison measures against it. */
import { DyadicError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import type { Engine } from '../wasm/engine.js';
import { Assembler } from './assembler.js';
import { elementCount } from '../graph/shape.js';
import { FloatContext, type FloatValue } from './lower-float/context.js';
import { lowerNode } from './lower-float/index.js';
import { showConstants } from './lower-float/show-constants.js';
import type { ObservedValue, Program } from './program.js';
import { ProgramMemory } from './program-memory.js';
import { writeFloats } from './write-floats.js';
import { kindError, lengthError, StepProgram, type InputPort, type OperationSteps, type OutputPort } from './step-program.js';

/** Makes the network ready for this engine and allocates everything a run needs. Throws ERR_MEMORY, and ERR_DTYPE for inputs that are not f32. */
export function createFloatProgram(engine: Engine, given: Graph): Program {
  const graph = showConstants(given);
  const assembler = new Assembler();
  const context = new FloatContext(graph, assembler);
  const inputs = graph.inputs.map((name) => inputPort(engine, context, name));
  const operations = graph.nodes.map((node): OperationSteps => {
    const first = assembler.position;
    lowerNode(context, node);
    const values = node.outputs.filter((name) => name !== '').map((name) => context.value(name));
    for (const { buffer } of values) assembler.keepForHost(buffer);
    const last = assembler.position;
    return { name: node.name, op: node.op, kernels: assembler.kernels(first, last), dot: null, weightBytes: assembler.weightBytes(first, last), ranges: assembler.ranges(first, last), values: values.map((value) => observed(engine, value)) };
  });
  const outputs = graph.outputs.map((name): OutputPort => {
    const value = context.value(name);
    assembler.keepForHost(value.buffer); // read after the last step
    return { name, shape: value.shape, ranges: [], read: () => observed(engine, value).read() as Float32Array };
  });
  return new StepProgram({ kind: 'float', inputs, operations, outputs, memory: new ProgramMemory(engine, assembler) });
}


function inputPort(engine: Engine, context: FloatContext, name: string): InputPort {
  const value = context.value(name);
  const dtype = context.graph.values.get(name)?.dtype;
  if (dtype !== 'f32') throw new DyadicError('ERR_DTYPE', { op: 'createFloatProgram', argument: name, expected: 'an f32 input', received: String(dtype) });
  const count = elementCount(value.shape);
  context.assembler.touch(value.buffer, 0);
  return {
    name,
    shape: value.shape,
    value: observed(engine, value),
    check: (given) => {
      if (given.kind !== 'f32') throw kindError(name, 'f32: a float network has no codes and no preprocess block', given.kind);
      if (given.data.length !== count) throw lengthError(name, count, value.shape, given.data.length);
    },
    write: (given) => {
      if (given.kind === 'f32') writeFloats(engine, value.buffer.address, name, given);
      return [];
    },
  };
}

function observed(engine: Engine, { name, shape, buffer }: FloatValue): ObservedValue {
  return { name, index: -1, shape, read: () => engine.f32(buffer.address, elementCount(shape)).slice() };
}
