/** What is printed and saved. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/process.mjs';

export function legend({ host, engine, cpu, pinned, flavour, lowering }, contenders) {
  const names = contenders.map(({ name, version, variant }) => [name, version, variant === null ? null : `(${variant})`].filter((word) => word !== null).join(' '));
  const how = `one thread${pinned ? ', pinned to one core' : ''}`;
  const peers = contenders.length > 1 ? ', then each peer and in brackets ours ÷ theirs; other integers than int8 meet the peers\' int8' : '';
  return `${host}, ${engine}, ${cpu}, flavour ${flavour}${lowering === 'none' ? '' : ` (${lowering})`}, ${how}\n${names.join(', ')}\nour speed and its share of the register peak${peers}; every answer verified\n`;
}

/** A row, its peers, and below it one line for each aim: reached, missed, or why nobody can say. */
export function printRows(rows) {
  for (const row of rows) {
    console.log(rowLine(row));
    for (const aim of row.aims) console.log(`    ${aimLine(aim, row)}`);
  }
}

const ID_WIDTH = 26;

export function rowLine({ id, work, value, unit, milliseconds, ratio, peakOf, peers, kernels = [], dot, missing, error }) {
  if (value === null) return `${id.padEnd(ID_WIDTH)} not measured: ${missing ?? error}`;
  const share = ratio === null ? '' : `${ratio.toFixed(2)} of ${peakOf}`;
  const others = peers.map((peer) => {
    const name = peer.variant?.includes('Q') ? `${peer.name} ${peer.variant}` : peer.name;
    return peer.value === null ? `${name} failed` : `${name} ${figure(peer.value)} (${peer.ratio.toFixed(2)}×)`;
  });
  const how = [...kernels, ...(dot === null || dot === undefined ? [] : [`(${dot})`])].join(' ');
  const words = peers.length > 0 ? others : [ratio === null ? work : how];
  const time = unit === 'images/s' ? `, ${figure(milliseconds)} ms` : '';
  return `${id.padEnd(ID_WIDTH)} ${`${figure(value)} ${unit}${time}`.padStart(14)}  ${share.padEnd(20)}  ${words.join('   ')}`.trimEnd();
}

function aimLine({ reach, got, reached, because }, { unit }) {
  if (reached === null) return `?        ${reach}: ${because}`;
  return `${reached ? 'reached' : 'missed '}  ${reach}: ${reach.startsWith('≤') ? `${figure(got)} ${unit}` : `${got.toFixed(2)} ×`}`;
}

/** How many aims were reached, and the rows that missed some; nothing where there are no aims. */
export function summary(rows) {
  const verdicts = rows.flatMap(({ aims }) => aims);
  if (verdicts.length === 0) return '';
  const count = (wanted) => verdicts.filter(({ reached }) => reached === wanted).length;
  const missed = rows.filter(({ reached }) => reached === false).map(({ id }) => id);
  const open = count(null) === 0 ? '' : `; ${count(null)} need what this run did not measure`;
  return `\n${count(true)} of ${count(true) + count(false)} aims for this host reached${open}${missed.length === 0 ? '' : `\nmissed: ${missed.join(', ')}`}`;
}

export function figure(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Writes bench/results/<date>-<cpu>-<host>.json and returns its path. `suffix` names another command than the inference benchmarks. */
export function save({ rows, skipped = [], ...rest }, { cpu, host, date }, suffix = '') {
  const folder = join(ROOT, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const name = `${date}-${slug(cpu)}-${slug(host)}${suffix}.json`;
  const short = (item) => JSON.stringify(item, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value));
  const parts = [`"skipped":${short(skipped)}`, ...Object.entries(rest).map(([key, value]) => `"${key}":${short(value)}`), `"rows":[\n${rows.map(short).join(',\n')}\n]`];
  writeFileSync(join(folder, name), `{${parts.join(',')}}\n`);
  return `bench/results/${name}`;
}

function slug(text) {
  return text.toLowerCase().replace(/[^a-z0-9.]+/g, '-').replace(/^-|-$/g, '');
}
