/** Jobs and their figures: all rows of one shape or network, and the peers that can do it, taking turns. */
import { checkLogits } from '../peers/logits.mjs';
import { variantOf } from '../peers/networks.mjs';
import { summarize } from '../peers/statistics.mjs';
import { copiesOf } from '../peers/workloads.mjs';
import { mainPeer } from './aims.mjs';
import { fastestInstruction } from './instruction.mjs';

/** Nobody else computes in other integers than 8 bits at both sides: our rows meet those. */
const peerType = (type) => (type === 'f32' ? 'f32' : 'int8');

/** The rows that meet the same peers are measured together. */
function groups(rows) {
  return ['int8', 'f32'].map((type) => ({ type, rows: rows.filter((row) => peerType(row.type) === type) })).filter((group) => group.rows.length > 0);
}

function ownEntry(contender, row, question) {
  return { contender, row, type: row.type, question: { ...question, type: row.type, memory: row.memory } };
}

function peerEntry(contender, type, question) {
  return { contender, row: null, type, question: { ...question, type } };
}

/** What is asked of whom. `source` tells a kernel's shape or where a network comes from. */
function entries(job, { type, rows }, [ours, ...peers], source) {
  if (job.kind === 'kernel') {
    const able = peers.filter(({ types }) => types.includes(type));
    return [...rows.map((row) => ownEntry(ours, row, { shape: job.shape })), ...able.map((peer) => peerEntry(peer, type, { shape: job.shape }))];
  }
  if (source.files === undefined) {
    const able = peers.filter(({ networks, types }) => networks && types.includes(type));
    const question = { architecture: job.network, scales: source.scales };
    return [...rows.map((row) => ownEntry(ours, row, question)), ...able.map((peer) => peerEntry(peer, type, question))];
  }
  const ask = (path) => ({ data: source.data, network: job.network, path });
  const others = peers.filter(({ readsFiles }) => readsFiles).flatMap((peer) => source.files[type].map((path) => ({ ...peerEntry(peer, type, ask(path)), variant: variantOf(path) })));
  return [...rows.map((row) => ownEntry(ours, row, ask(source.files.f32[0]))), ...others];
}

/** Float's logits, which the others are checked with: from a peer where there is one. */
async function referenceLogits(job, [ours, ...peers], source) {
  if (job.kind === 'kernel') return undefined;
  const judge = peers.find(({ networks, readsFiles }) => (source.files === undefined ? networks : readsFiles)) ?? ours;
  const question = source.files === undefined ? { architecture: job.network, scales: source.scales } : { data: source.data, network: job.network, path: source.files.f32[0] };
  const { logits } = await judge.process.ask('prepare', { slot: 0, ...question, type: 'f32' });
  await judge.process.ask('release');
  return logits;
}

/**
 * The rows of a job. Rounds go through all entries by turns, so that what disturbs the machine meets all of them; the peak is measured before and
 * after them in our process, and the better counts.
 */
export async function measure(job, contenders, source, settings, log) {
  const logits = await referenceLogits(job, contenders, source);
  const rows = [];
  for (const group of groups(job.rows)) {
    const list = entries(job, group, contenders, source);
    for (const [slot, one] of list.entries()) await prepare(job, one, slot, logits);
    const peakOf = fastestInstruction(group.type, contenders[0].host);
    const peaks = [await contenders[0].process.ask('peak', { instruction: peakOf })];
    for (let round = 0; round < settings.rounds; round++) {
      for (const one of list) if (one.error === undefined) await sample(one, settings.milliseconds);
    }
    peaks.push(await contenders[0].process.ask('peak', { instruction: peakOf }));
    for (const contender of new Set(list.map((one) => one.contender))) await contender.process.ask('release').catch(() => undefined);
    rows.push(...toRows(job, list.map((one) => finish(job, one, log)), { of: peakOf, gmacs: Math.max(...peaks) }, source));
  }
  const order = job.rows.map(({ id }) => id);
  return rows.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
}

async function prepare(job, one, slot, logits) {
  Object.assign(one, { slot, rounds: [] });
  try {
    const answer = await one.contender.process.ask('prepare', { slot, ...one.question });
    one.steps = answer?.steps;
    if (logits !== undefined) one.deviation = checkLogits(job.id, one.type, answer.logits, logits);
  } catch (error) {
    one.error = error.message;
  }
}

async function sample(one, milliseconds) {
  try {
    one.rounds.push(await one.contender.process.ask('sample', { slot: one.slot, milliseconds }));
  } catch (error) {
    one.error = error.message;
  }
}

/** The entry with its figures, or the error that kept it from having any. */
function finish(job, one, log) {
  const name = `${one.contender.name}, ${one.row?.id ?? `${job.id} ${one.type}`}`;
  if (one.error === undefined) {
    try {
      const amount = job.kind === 'kernel' ? job.shape.macs / 1e6 : 1000;
      const { milliseconds, fastest, slowest } = summarize(one.rounds, job.kind === 'kernel' ? copiesOf(job.shape, one.type) : 1);
      return { ...one, milliseconds, value: amount / milliseconds, low: amount / slowest, high: amount / fastest };
    } catch (error) {
      one.error = error.message;
    }
  }
  log(`${name}: ${one.error}`);
  return { ...one, value: null };
}

/** One row of ours each, beside all peers; `ratio` is to the peak, `peerRatio` and those of `peers` are ours ÷ theirs. */
function toRows(job, results, peak, source) {
  const unit = job.kind === 'kernel' ? 'GMAC/s' : 'images/s';
  const macs = job.kind === 'kernel' ? null : (source.macs ?? null);
  // What a network would do at the peak; of a network whose multiplications nobody has counted, that is unknown.
  const most = job.kind === 'kernel' ? peak.gmacs : macs === null ? null : (peak.gmacs * 1e9) / macs;
  const others = results.filter(({ row }) => row === null);
  return results.filter(({ row }) => row !== null).map(({ row, value, low, high, milliseconds, steps, deviation, error, type }) => {
    const peers = others.map((one) => peerFigures(one, value));
    const main = mainPeer(peers, row.aims);
    // Whole networks in 4 bits may be far from float: how far is reported, nothing is judged by it.
    const verified = error === undefined && (deviation === undefined || type !== 'int4');
    return {
      id: row.id, work: `${job.id} ${row.variant}`, value, low, high, unit, milliseconds, peak: most, peakOf: most === null ? null : peak.of, ratio: value === null || most === null ? null : value / most,
      peer: main?.name ?? null, peerVersion: main?.version ?? null, peerType: main === null ? null : main.type, peerValue: main?.value ?? null, peerRatio: main?.ratio ?? null,
      peers, ...steps, verified, deviation, error,
    };
  });
}

function peerFigures({ contender, type, variant, value, low, high, milliseconds, deviation, error }, ours) {
  const ratio = value === null || ours === null ? null : ours / value;
  return { name: contender.name, version: contender.version, variant: variant ?? contender.variant, type, value, low, high, milliseconds, ratio, verified: error === undefined, deviation, error };
}
