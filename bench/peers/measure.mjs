/** Jobs and their figures: one workload at one precision, every contender that does it taking turns. */
import { checkLogits, variantOf } from './networks.mjs';
import { summarize } from './statistics.mjs';
import { COPIES, TYPES, workloads } from './workloads.mjs';

/** Nobody else computes in 4 bits at both sides: ours meets their 8 bits. */
const PEER_TYPE = { f32: 'f32', int8: 'int8', 'int8 fast': 'int8', int4: 'int8' };
/** Of whole networks; `int8 fast` is ours with `memory: 'fast'`. */
const NETWORK_TYPES = Object.keys(PEER_TYPE);

/** The first contender is ours. An entry is one contender with what to ask of it. */
export function workloadJobs([ours, ...peers]) {
  return workloads().flatMap((shape) =>
    Object.keys(TYPES).map((type) => {
      const able = peers.filter(({ types }) => types.includes(PEER_TYPE[type]));
      const entries = [entry(ours, type, { id: shape.id }), ...able.map((peer) => entry(peer, PEER_TYPE[type], { id: shape.id }))];
      return { id: shape.id, type, unit: 'GMAC/s', amount: shape.macs / 1e6, copies: COPIES, entries };
    }),
  );
}

export function networkJobs([ours, ...peers], list, data) {
  const able = peers.filter((peer) => peer.readsFiles);
  return list.flatMap(({ id, name, files }) =>
    Object.entries(files).map(([type, paths]) => {
      const ask = (path) => ({ data, network: name, path });
      const others = able.flatMap((peer) => paths.map((path) => ({ ...entry(peer, PEER_TYPE[type], ask(path)), variant: variantOf(path) ?? peer.variant })));
      // Float's logits are what the others are checked with: from a peer where there is one.
      const reference = entry(able[0] ?? ours, 'f32', ask(files.f32[0]));
      return { id, type, unit: 'images/s', amount: 1000, copies: 1, reference, entries: [entry(ours, type, ask(files.f32[0])), ...others] };
    }),
  );
}

/** Networks with random weights: every peer that runs networks. `scales` as architectureScales gives them. */
export function architectureJobs([ours, ...peers], name, scales) {
  const able = peers.filter((peer) => peer.networks);
  const reference = entry(able[0] ?? ours, 'f32', { architecture: name, scales });
  return NETWORK_TYPES.map((type) => {
    const others = able.filter(({ types }) => types.includes(PEER_TYPE[type])).map((peer) => entry(peer, PEER_TYPE[type], { architecture: name, scales }));
    return { id: `network/${name}`, type, unit: 'images/s', amount: 1000, copies: 1, reference, entries: [entry(ours, type, { architecture: name, scales }), ...others] };
  });
}

function entry({ name, version, variant, process }, type, question) {
  return { name, version, variant, process, type, question: { ...question, type } };
}

async function referenceLogits({ reference }) {
  if (reference === undefined) return undefined;
  const { logits } = await reference.process.ask('prepare', reference.question);
  await reference.process.ask('release');
  return logits;
}

/**
 * Every entry with a summary of its times, or the error that kept it from having one. Rounds go through all contenders by turns, so that
 * what disturbs the machine meets all of them. Contenders with two entries (two files) take part in two passes.
 */
export async function measure(job, { rounds, milliseconds }, log) {
  const logits = await referenceLogits(job);
  const results = [];
  for (const pass of passes(job.entries)) {
    const ready = [];
    for (const one of pass) ready.push(await prepare(job, one, logits));
    for (let round = 0; round < rounds; round++) {
      for (const one of ready) if (one.error === undefined) await sample(one, milliseconds);
    }
    for (const one of ready) if (one.error === undefined) await one.process.ask('release');
    results.push(...ready.map((one) => finish(job, one, log)));
  }
  return results;
}

/** Entries grouped so that no contender is twice in a group; ours is in every group, measured anew beside those peers. */
function passes([ours, ...others]) {
  const groups = [];
  for (const other of others) {
    const group = groups.find((candidate) => candidate.every(({ name }) => name !== other.name));
    if (group === undefined) groups.push([ours, other]);
    else group.push(other);
  }
  return groups.length === 0 ? [[ours]] : groups;
}

async function prepare(job, one, logits) {
  try {
    const answer = await one.process.ask('prepare', one.question);
    const deviation = logits === undefined ? undefined : checkLogits(job.id, one.type, answer.logits, logits);
    return { ...one, rounds: [], deviation };
  } catch (error) {
    await one.process.ask('release').catch(() => undefined);
    return { ...one, error: error.message };
  }
}

async function sample(one, milliseconds) {
  try {
    one.rounds.push(await one.process.ask('sample', { milliseconds }));
  } catch (error) {
    one.error = error.message;
  }
}

function finish({ amount, copies }, one, log) {
  if (one.error !== undefined) {
    log(`${one.name}: ${one.error}`);
    return one;
  }
  try {
    const { milliseconds, fastest, slowest, samples } = summarize(one.rounds, copies);
    return { ...one, milliseconds, samples, value: amount / milliseconds, low: amount / slowest, high: amount / fastest };
  } catch (error) {
    log(`${one.name}: ${error.message}`);
    return { ...one, error: error.message };
  }
}

/** One row per peer: our value, theirs, and ours ÷ theirs. Without peers, one row of ours. */
export function toRows({ id, type, unit }, results) {
  const rows = [];
  let mine;
  for (const one of results) {
    if (one.name !== 'dyadic') rows.push({ ...mine, ...peerFields(one), ratio: mine.value / one.value, error: mine.error ?? one.error });
    else {
      const { value, low, high, milliseconds, variant, deviation, error } = one;
      // Whole networks in 4 bits may be far from float: how far is reported, nothing is judged by it.
      const judged = deviation === undefined || type !== 'int4';
      mine = { id: `${id} ${type}`, value, low, high, unit, milliseconds, variant, verified: judged && error === undefined, deviation, error };
    }
  }
  return rows.length > 0 ? rows : [mine];
}

function peerFields({ name, version, variant, type, value, low, high, milliseconds, deviation, error }) {
  return { peer: name, peerVersion: version, peerVariant: variant, peerType: type, peerValue: value, peerLow: low, peerHigh: high, peerMilliseconds: milliseconds, peerVerified: error === undefined, peerDeviation: deviation };
}
