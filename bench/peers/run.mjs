/**
 * npm run bench:peers: other runtimes at the same shapes, in the same run as ours. One thread, one core; by turns; medians.
 *
 *   npm run bench:peers                          every shape and network, every peer that can be installed
 *   npm run bench:peers -- --only 'gemm|stem'    the workloads whose id matches
 *   npm run bench:peers -- --peers litert,tfjs
 *   npm run bench:peers -- --node 24             the whole thing in another Node
 *   npm run bench:peers -- --json                {"rows":[…]} on stdout, nothing else
 *   npm run bench:peers -- --rounds 3 --milliseconds 30    turns per contender, and how long one lasts
 *   npm run bench:peers -- --save                also into bench/results/<date>-<cpu>-<host>.json
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../../scripts/build.mjs';
import { exitOnHelp, ROOT } from '../../scripts/process.mjs';
import { isOtherNode, runInNode } from '../other-node.mjs';
import { installPeer, PEERS, peerVersion } from './install.mjs';
import { architectureScales } from './architecture-scales.mjs';
import { ARCHITECTURES } from './architectures.mjs';
import { networks } from './networks.mjs';
import { ContenderProcess, PINNING } from './process.mjs';
import { hostFacts, legend, printRows, save } from './report.mjs';
import { architectureJobs, measure, networkJobs, toRows, workloadJobs } from './measure.mjs';

exitOnHelp(import.meta.url);
const options = readOptions();
if (isOtherNode(options.node)) runInNode(options.node);
else await runHere();

function usage(message) {
  process.stderr.write(`bench:peers: ${message}\n`);
  process.exit(2);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', default: '' },
        peers: { type: 'string', default: Object.keys(PEERS).join(',') },
        node: { type: 'string' },
        rounds: { type: 'string', default: '11' },
        milliseconds: { type: 'string', default: '60' },
        data: { type: 'string', default: join(ROOT, '..', 'shared', 'data') },
        json: { type: 'boolean', default: false },
        save: { type: 'boolean', default: false },
      },
    });
    return check({ ...values, only: new RegExp(values.only), peers: values.peers.split(','), rounds: Number(values.rounds), milliseconds: Number(values.milliseconds) });
  } catch (error) {
    return usage(error.message);
  }
}

function check(values) {
  const unknown = values.peers.find((name) => !(name in PEERS));
  if (unknown !== undefined) usage(`--peers names some of ${Object.keys(PEERS).join(', ')}, not "${unknown}"`);
  for (const key of ['rounds', 'milliseconds']) if (!(values[key] >= 1)) usage(`--${key} is a number of at least 1`);
  return values;
}

/** Installs and starts a contender. A peer that can't be is named and skipped. */
async function start(name, log) {
  let contender;
  try {
    const folder = name === 'dyadic' ? '' : installPeer(name, log);
    contender = new ContenderProcess(PEERS[name]?.module ?? name, name, folder);
    return { name, version: name === 'dyadic' ? null : peerVersion(name), process: contender, ...(await contender.ask('open')) };
  } catch (error) {
    contender?.stop();
    if (name === 'dyadic') throw error;
    log(`skipped ${name}: ${error.message}`);
    return { name, skipped: error.message };
  }
}

/** Those that --only asks for, one after another: a network is made when its turn comes. */
async function* jobs(contenders) {
  for (const job of [...workloadJobs(contenders), ...networkJobs(contenders, networks(options.data), options.data)]) if (options.only.test(job.id)) yield job;
  for (const name of ARCHITECTURES) if (options.only.test(`network/${name}`)) yield* architectureJobs(contenders, name, await architectureScales(name));
}

async function runHere() {
  const log = (text) => process.stderr.write(`${text}\n`);
  build();
  const started = [];
  for (const name of ['dyadic', ...options.peers]) started.push(await start(name, log));
  const contenders = started.filter(({ skipped }) => skipped === undefined);
  const skipped = started.filter((contender) => contender.skipped !== undefined);
  const host = { ...hostFacts(), pinned: PINNING !== null };
  if (!options.json) console.log(legend(host, contenders));
  const rows = [];
  try {
    for await (const job of jobs(contenders)) {
      const made = toRows(job, await measure(job, options, log)).map((row) => ({ ...row, ...host }));
      if (!options.json) printRows(made);
      rows.push(...made);
    }
  } finally {
    for (const contender of contenders) contender.process.stop();
  }
  const result = { rows, skipped };
  if (options.save) log(`saved ${save(result, host)}`);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (!rows.some(({ value }) => value !== undefined)) process.exitCode = 1;
}
