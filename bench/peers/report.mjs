/** What is printed and saved. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/process.mjs';

/** Where this runs. */
export function hostFacts() {
  return { host: `node ${process.versions.node}`, engine: `V8 ${process.versions.v8}`, cpu: cpuName(), arch: process.arch };
}

/** A virtual machine may show the brand only, so family and model are added where Linux tells them on x86. */
function cpuName() {
  const brand = cpus()[0]?.model.trim() ?? 'unknown';
  const facts = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const [family, model] = [/^cpu family\s*: (\d+)/m, /^model\s*: (\d+)/m].map((pattern) => pattern.exec(facts)?.[1]);
  return family === undefined || model === undefined ? brand : `${brand} family ${family} model ${model}`;
}

export function legend({ host, engine, cpu, pinned }, contenders) {
  const names = contenders.map(({ name, version, variant }) => [name, version, variant === null ? null : `(${variant})`].filter((word) => word !== null).join(' '));
  const how = `one thread${pinned ? ', pinned to one core' : ''}`;
  return `${host}, ${engine}, ${cpu}, ${how}\n${names.join(', ')}\nour speed, then each peer's and in brackets ours ÷ theirs; int4 meets the peers' int8; every answer verified\n`;
}

/** One line for each of our values, with the peers' that were measured beside it. */
export function printRows(rows) {
  for (const value of new Set(rows.map((row) => row.value))) printLine(rows.filter((row) => row.value === value));
}

function printLine(rows) {
  const [{ id, value, unit, error }] = rows;
  const own = value === undefined ? `failed: ${error}` : `${figure(value)} ${unit}`;
  const others = rows.filter(({ peer }) => peer !== undefined).map((row) => {
    const name = row.peerVariant?.includes('Q') ? `${row.peer} ${row.peerVariant}` : row.peer;
    return row.peerValue === undefined ? `${name} failed` : `${name} ${figure(row.peerValue)} (${row.ratio?.toFixed(2) ?? '–'}×)`;
  });
  console.log(`${id.padEnd(34)}${own.padStart(16)}   ${others.join('   ')}`);
}

function figure(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Writes bench/results/<date>-<cpu>-<host>.json and returns its path. */
export function save(result, { cpu, host }) {
  const folder = join(ROOT, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const name = `${date}-${slug(cpu)}-${slug(host)}.json`;
  const rows = result.rows.map((row) => JSON.stringify(row, (_, item) => (typeof item === 'number' ? Number(item.toPrecision(5)) : item)));
  const skipped = JSON.stringify(result.skipped.map(({ name, skipped: reason }) => ({ peer: name, reason })));
  writeFileSync(join(folder, name), `{"skipped":${skipped},"rows":[\n${rows.join(',\n')}\n]}\n`);
  return `bench/results/${name}`;
}

function slug(text) {
  return text.toLowerCase().replace(/[^a-z0-9.]+/g, '-').replace(/^-|-$/g, '');
}
