/** Workloads as Programs of this package, built into dist/, with the kernels it chooses. For every host: its entry must be imported first. */
import { validateIntegerGraph } from '../../../dist/integer/validate.js';
import { importOnnx } from '../../../dist/onnx/import.js';
import { createFloatProgram } from '../../../dist/session/float-program.js';
import { createIntegerProgram } from '../../../dist/session/integer-program.js';
import { createEngine } from '../../../dist/wasm/create-engine.js';
import { onnxInput, onnxReader, onnxWorkload } from '../onnx-models.mjs';
import { biasCodes, inputAs, inputCodes, requantization, TYPES, weightCodes, weightsAs } from '../workloads.mjs';

/** A model of `copies` operations; see onnxWorkload. */
export async function build(shape, type, copies, { whole, memory = 'balanced', flavour = 'auto' }) {
  const engine = await createEngine(undefined, { flavour });
  const [program, input] = type === 'f32' ? await floatProgram(engine, shape, copies, whole) : integerProgram(engine, shape, type, copies, whole, memory);
  const inputs = new Map([['input', input]]);
  return {
    engine: { flavour: engine.flavour, lowering: engine.lowering },
    /** The kernels of the operation, and the dot product of bytes that it multiplies by. */
    steps: { kernels: program.steps[0].kernels, dot: program.steps[0].dot },
    run: () => program.run(inputs),
    read: () => onnxReader(shape, program.run(inputs).get('whole0')),
    dispose: () => program.dispose(),
  };
}

async function floatProgram(engine, shape, copies, whole) {
  const graph = await importOnnx(onnxWorkload(shape, 'f32', copies, { whole }).bytes);
  return [createFloatProgram(engine, graph), { kind: 'f32', data: onnxInput(shape, 'f32') }];
}

function integerProgram(engine, shape, type, copies, whole, memory) {
  const graph = integerGraph(shape, type, copies, whole);
  validateIntegerGraph(graph);
  const data = inputAs(shape.op === 'gemm' ? 'hwc' : 'chw', shape, inputCodes(shape, type), isSigned(type) ? Int8Array : Uint8Array);
  return [createIntegerProgram(engine, graph, { memory }), { kind: 'codes', data }];
}

const isSigned = (type) => TYPES[type].input[0] < 0;
const hasNibbles = (type) => TYPES[type].weight[1] <= 7;

/** The same operations as onnxWorkload's, as SPEC 6 writes them. Scales are 1: outputs are codes. */
function integerGraph(shape, type, copies, whole) {
  const { op, inC, inH, inW, outC, outH, outW } = shape;
  const { input, output } = TYPES[type];
  const dtype = type === 'int4' ? 'u4' : isSigned(type) ? 'i8' : 'u8';
  const value = (name, valueShape, range) => ({ name, dtype, shape: valueShape, scale: 1, zeroPoint: 0, range });
  const values = [value('input', op === 'gemm' ? [1, inH, inC] : [1, inC, inH, inW], input)];
  const tensors = new Map([['multiplier', { dtype: 'i32', shape: [outC], data: requantization(shape, type).multipliers }]]);
  const operations = [];
  const outputs = [];
  for (let copy = 0; copy < copies; copy++) {
    addTensors(tensors, shape, type, copy);
    operations.push(operation(shape, type, copy, values.push(value(`whole${copy}`, op === 'gemm' ? [1, outH, outC] : [1, outC, outH, outW], output)) - 1));
    if (!whole) {
      const last = values.push(value(`output${copy}`, op === 'gemm' ? [1, 1, outC] : [1, outC, 1, 1], output)) - 1;
      operations.push({ op: 'slice', name: `cut${copy}`, inputs: [last - 1], outputs: [last], starts: values[last].shape.map(() => 0), steps: values[last].shape.map(() => 1) });
    }
    outputs.push({ name: values.at(-1).name, value: values.length - 1, softmax: null });
  }
  return { name: shape.id, values, inputs: [{ name: 'input', value: 0, preprocess: null }], outputs, tensors, operations };
}

function addTensors(tensors, shape, type, copy) {
  const { op, inC, outC, window, groups } = shape;
  const weightShape = op === 'gemm' ? [outC, inC] : [outC, inC / groups, window, window];
  tensors.set(`weight${copy}`, { dtype: hasNibbles(type) ? 'i4' : 'i8', shape: weightShape, data: weightsAs('oihw', shape, weightCodes(shape, type, copy), Int8Array) });
  tensors.set(`bias${copy}`, { dtype: 'i32', shape: [outC], data: biasCodes(shape, copy) });
}

function operation(shape, type, copy, made) {
  const { op, stride, pads, groups } = shape;
  const common = {
    name: `operation${copy}`, inputs: [0], outputs: [made], weight: `weight${copy}`, bias: `bias${copy}`, clamp: TYPES[type].output,
    requantization: { form: 'q15', shift: requantization(shape, type).shift, multiplier: 'multiplier' },
  };
  return op === 'gemm' ? { op: 'dense', ...common } : { op: 'conv2d', ...common, stride: [stride, stride], pads, dilation: [1, 1], groups };
}
