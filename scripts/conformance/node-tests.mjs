/** ONNX's backend node tests: unpacking the archive, reading one case. */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PbfReader } from 'pbf';
import { readModel, readTensor } from '../../dist/onnx/proto.js';
import { graphDtype, toConstant } from '../../dist/onnx/tensor.js';
import { ROOT, StepError, run } from '../process.mjs';

const ARCHIVE = join(ROOT, '..', 'shared', 'data', 'onnx-node-tests', 'node-v1.21.0.tar.xz');
const CACHE = join(ROOT, 'tests', '.cache', 'onnx-node-tests');
const INSIDE = 'onnx/backend/test/data/node';

/** The folder of the unpacked cases: one folder each, with model.onnx and test_data_set_0/. */
export function unpack(archive = ARCHIVE) {
  const folder = join(CACHE, INSIDE);
  if (existsSync(folder)) return folder;
  if (!existsSync(archive)) {
    throw new StepError(`The ONNX node tests are not on this machine: no ${archive}.`, 'put ../shared/data beside the repository, or name the archive with --archive FILE');
  }
  const part = `${CACHE}.part${process.pid}`;
  mkdirSync(part, { recursive: true });
  run('tar', ['-xJf', archive, '-C', part], { remedy: 'install tar and xz' });
  rmSync(CACHE, { recursive: true, force: true });
  renameSync(part, CACHE);
  return folder;
}

/** { name, graph, inputs, outputs }: the test data as constants, in the order of the graph's inputs and outputs. */
export function readCase(folder, name) {
  const { graph } = readModel(readFileSync(join(folder, name, 'model.onnx')), PbfReader);
  const data = join(folder, name, 'test_data_set_0');
  const read = (kind, index) => {
    const file = join(data, `${kind}_${index}.pb`);
    return existsSync(file) ? toConstant(readTensor(readFileSync(file), PbfReader), file) : undefined;
  };
  return { name, graph, inputs: graph.inputs.map((_, i) => read('input', i)), outputs: graph.outputs.map((_, i) => read('output', i)) };
}

export function modelBytes(folder, name) {
  return new Uint8Array(readFileSync(join(folder, name, 'model.onnx')));
}

const FLOAT = 1;
const CONSTANT_DTYPES = new Set(['i64', 'bool']);

/**
 * The operator of a case that qualifies, else undefined: one node of the given operators; inputs float32, or integers and bools that can be
 * made constants; the first input and the first output float32 of rank 2 to 4 and every rank at most 4.
 */
export function qualifyingOperator(graph, operators) {
  const [node, ...rest] = graph.nodes;
  if (node === undefined || rest.length > 0 || !operators.has(node.opType)) return undefined;
  const rank = (value) => value.shape?.length ?? 9;
  const isFloat = (value) => value.elementType === FLOAT;
  const fits = (value) => isFloat(value) || CONSTANT_DTYPES.has(graphDtype(value.elementType));
  const [x] = graph.inputs;
  if (x === undefined || !isFloat(x) || rank(x) < 2 || !graph.inputs.every(fits) || !graph.outputs.every(isFloat)) return undefined;
  return [...graph.inputs, ...graph.outputs].every((value) => rank(value) <= 4) ? node.opType : undefined;
}

/** Every qualifying case of the archive, sorted by name. */
export function selectCases(folder, operators) {
  return readdirSync(folder).sort().flatMap((name) => {
    const { graph } = readModel(readFileSync(join(folder, name, 'model.onnx')), PbfReader);
    const operator = graph === undefined ? undefined : qualifyingOperator(graph, operators);
    return operator === undefined ? [] : [{ name, operator }];
  });
}
