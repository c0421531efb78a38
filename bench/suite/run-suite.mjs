/** Starts the contenders, goes through the jobs, judges the rows. */
import { ARCHITECTURES, architecture } from '../peers/architectures.mjs';
import { architectureScales } from '../peers/architecture-scales.mjs';
import { installPeer, PEERS, peerVersion } from '../peers/install.mjs';
import { missingOf, networkFiles } from '../peers/networks.mjs';
import { ContenderProcess, PINNING } from '../peers/process.mjs';
import { judged } from './aims.mjs';
import { measureFact } from './facts.mjs';
import { hostFacts } from './host.mjs';
import { measure } from './measure.mjs';

/** Installs and starts a contender. A peer that can't be is named and skipped. */
async function start(name, options, log) {
  let contender;
  try {
    const folder = name === 'dyadic' ? '' : installPeer(name, log);
    contender = new ContenderProcess(PEERS[name]?.module ?? name, name, folder);
    return { name, version: name === 'dyadic' ? null : peerVersion(name), process: contender, ...(await contender.ask('open', options)) };
  } catch (error) {
    contender?.stop();
    if (name === 'dyadic') throw error;
    log(`skipped ${name}: ${error.message}`);
    return { name, skipped: error.message };
  }
}

/** Where a network comes from: made here, or files; `missing` where there is neither. A kernel needs nothing but its shape. */
async function sourceOf(job, data) {
  if (job.kind !== 'network') return {};
  if (ARCHITECTURES.includes(job.network)) return { macs: architecture(job.network).macs, scales: await architectureScales(job.network) };
  const missing = missingOf(data, job.network);
  return missing.length > 0 ? { missing: `${missing[0]} is not there` } : { data, files: networkFiles(data, job.network) };
}

const EMPTY = { low: null, high: null, peak: null, peakOf: null, ratio: null, peer: null, peerVersion: null, peerType: null, peerValue: null, peerRatio: null, peers: [] };

/** A row without a figure, and why. */
function missingRow(job, { id, work, variant, unit }, reason) {
  return { id, work: work ?? `${job.id} ${variant}`, value: null, unit: unit ?? (job.kind === 'kernel' ? 'GMAC/s' : 'images/s'), ...EMPTY, verified: false, missing: reason };
}

async function factRows(job, ours, log) {
  const rows = [];
  for (const row of job.rows) {
    try {
      rows.push({ id: row.id, work: row.work, value: await measureFact(row.question, ours), unit: row.unit, ...EMPTY, verified: true });
    } catch (error) {
      log(`${row.id}: ${error.message}`);
      rows.push(missingRow(job, row, error.message));
    }
  }
  return rows;
}

async function rowsOf(job, contenders, settings, log) {
  if (job.kind === 'facts') return factRows(job, contenders[0], log);
  const source = await sourceOf(job, settings.data);
  if (source.missing !== undefined) return job.rows.map((row) => missingRow(job, row, source.missing));
  return measure(job, contenders, source, settings, log);
}

/**
 * Measures the jobs with the peers of these names. `settings`: rounds, milliseconds, data, flavour. `started(host, contenders)` is called before the first job,
 * `show(rows)` after each.
 * @returns {Promise<{ rows: object[], skipped: { peer: string, reason: string }[], host: object }>}
 */
export async function runSuite(jobs, peers, settings, { log, started, show }) {
  const all = [];
  for (const name of ['dyadic', ...peers]) all.push(await start(name, { flavour: settings.flavour }, log));
  const contenders = all.filter(({ skipped }) => skipped === undefined);
  const host = { ...hostFacts(), ...contenders[0].host, pinned: PINNING !== null };
  const rows = [];
  started(host, contenders);
  try {
    for (const job of jobs) {
      const made = await rowsOf(job, contenders, settings, log);
      const find = (id) => [...rows, ...made].find((row) => row.id === id);
      const aimsOf = ({ id }) => job.rows.find((row) => row.id === id).aims;
      const finished = made.map((row) => ({ ...judged(row, aimsOf(row), find, host), ...host }));
      rows.push(...finished);
      show(finished);
    }
  } finally {
    for (const contender of contenders) contender.process.stop();
  }
  return { rows, skipped: all.filter(({ skipped }) => skipped !== undefined).map(({ name, skipped }) => ({ peer: name, reason: skipped })), host };
}
