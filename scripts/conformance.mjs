/**
 * `npm run conformance [-- --json] [--archive FILE] [--select]`: ONNX's own node tests of the supported operators on the float Program (rtol 1e-3,
 * atol 1e-5). The cases stand in tests/onnx/conformance-cases.json; `--select` writes that list anew, keeping the reasons of skips.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { exitOnHelp, ROOT, isMain, mainProgram } from './process.mjs';

const LIST = join(ROOT, 'tests', 'onnx', 'conformance-cases.json');

/** Floor, Mul, Sub and Div are there for shape arithmetic only, QuantizeLinear and DequantizeLinear as a pair, so their node tests do not count. */
const FOLDED_ONLY = new Set(['Floor', 'Mul', 'Sub', 'Div', 'QuantizeLinear', 'DequantizeLinear']);

const readList = () => JSON.parse(readFileSync(LIST, 'utf8'));

async function select(folder) {
  const { selectCases } = await import('./conformance/node-tests.mjs');
  const { handlers } = await import('../dist/onnx/registry.js');
  const operators = new Set([...handlers.keys()].filter((name) => !FOLDED_ONLY.has(name)));
  const reasons = new Map(readList().map(({ name, skip }) => [name, skip]));
  const cases = selectCases(folder, operators).map((entry) => (reasons.get(entry.name) === undefined ? entry : { ...entry, skip: reasons.get(entry.name) }));
  writeFileSync(LIST, `[\n${cases.map((entry) => `  ${JSON.stringify(entry)}`).join(',\n')}\n]\n`);
  process.stderr.write(`${cases.length} cases qualify\n`);
}

/** [{ name, operator, status: 'passed' | 'failed' | 'skipped', reason }] */
async function runAll(folder) {
  const { readCase } = await import('./conformance/node-tests.mjs');
  const { runCase } = await import('./conformance/run-case.mjs');
  await import('../dist/entry/node.js');
  const { createEngine } = await import('../dist/wasm/create-engine.js');
  const engine = await createEngine();
  const results = [];
  for (const { name, operator, skip } of readList()) {
    const reason = skip ?? (await runCase(engine, folder, operator, readCase(folder, name)));
    results.push({ name, operator, status: skip !== undefined ? 'skipped' : reason === undefined ? 'passed' : 'failed', reason });
  }
  return results;
}

/** One row for each operator. */
function summarize(results) {
  const rows = new Map();
  for (const { operator, status } of results) {
    const row = rows.get(operator) ?? { id: operator, value: 0, unit: 'cases passed', passed: 0, failed: 0, skipped: 0 };
    row[status]++;
    row.value = row.passed;
    rows.set(operator, row);
  }
  return [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function print(results, rows) {
  const line = (name, passed, failed, skipped) => console.log(`${name.padEnd(20)}${String(passed).padStart(8)}${String(failed).padStart(8)}${String(skipped).padStart(8)}`);
  line('operator', 'passed', 'failed', 'skipped');
  for (const { id, passed, failed, skipped } of rows) line(id, passed, failed, skipped);
  const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
  line('all', total('passed'), total('failed'), total('skipped'));
  const remarks = results.filter(({ reason }) => reason !== undefined);
  if (remarks.length > 0) console.log('');
  for (const { name, status, reason } of remarks) console.log(`${status}  ${name}: ${reason}`);
}

async function main() {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, archive: { type: 'string' }, select: { type: 'boolean', default: false } } });
  build();
  const { unpack } = await import('./conformance/node-tests.mjs');
  const folder = unpack(values.archive);
  if (values.select) return select(folder);
  const results = await runAll(folder);
  const rows = summarize(results);
  if (values.json) console.log(JSON.stringify({ rows }));
  else print(results, rows);
  if (results.some(({ status }) => status === 'failed')) process.exitCode = 1;
}

if (isMain(import.meta.url)) {
  exitOnHelp(import.meta.url);
  await mainProgram(main);
}
