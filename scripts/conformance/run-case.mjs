/** One node test: imported, run as a float Program, compared. */
import { importOnnx } from '../../dist/onnx/import.js';
import { createFloatProgram } from '../../dist/session/float-program.js';
import { modelBytes } from './node-tests.mjs';

const RELATIVE = 1e-3;
const ABSOLUTE = 1e-5;

/** Float inputs that a Graph wants as constants: parameters, not data. */
const PARAMETERS = { BatchNormalization: [1, 2, 3, 4], Clip: [1, 2], Dropout: [1], Pad: [2] };

/** Two ways in: as the file is, and with passes and every input but the first a constant, as in a trained network. */
const WAYS = [
  { label: 'as it is', options: { optimize: false }, isConstant: (operator, index) => PARAMETERS[operator]?.includes(index) ?? false },
  { label: 'optimized', options: { optimize: true }, isConstant: (_operator, index) => index > 0 },
];

/** undefined where the case passes, else what is wrong. */
export async function runCase(engine, folder, operator, test) {
  for (const way of WAYS) {
    try {
      const wrong = await runOne(engine, modelBytes(folder, test.name), operator, test, way);
      if (wrong !== undefined) return `${way.label}: ${wrong}`;
    } catch (error) {
      return `${way.label}: ${error.code ?? error.name}: ${error.message.replaceAll('\n', ';')}`;
    }
  }
  return undefined;
}

async function runOne(engine, bytes, operator, { graph: { inputs }, inputs: data, outputs, graph }, way) {
  const constants = {};
  const shapes = {};
  const fed = new Map();
  inputs.forEach(({ name }, index) => {
    const value = data[index];
    if (value.dtype !== 'f32' || way.isConstant(operator, index)) constants[name] = value;
    else {
      shapes[name] = value.shape;
      fed.set(name, { kind: 'f32', data: value.data });
    }
  });
  const imported = await importOnnx(bytes, { ...way.options, constants, shapes });
  const program = createFloatProgram(engine, imported);
  try {
    program.poison(0xff);
    const results = program.run(fed);
    return graph.outputs.map(({ name }, index) => compare(name, imported.values.get(name).shape, results.get(name), outputs[index])).find((wrong) => wrong !== undefined);
  } finally {
    program.dispose();
  }
}

function compare(name, shape, actual, expected) {
  if (String(shape) !== String(expected.shape)) return `${name} has shape [${shape}] instead of [${expected.shape}]`;
  const index = expected.data.findIndex((value, i) => !(Math.abs(value - actual[i]) <= ABSOLUTE + RELATIVE * Math.abs(value)));
  return index < 0 ? undefined : `${name}[${index}] is ${actual[index]} instead of ${expected.data[index]}`;
}
