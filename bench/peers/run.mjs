/**
 * npm run bench:peers: the suite of `npm run bench`, with other runtimes at the same shapes in the same run. One thread, one core; by turns; medians.
 *
 *   npm run bench:peers                          everything, every peer that can be installed: some minutes
 *   npm run bench:peers -- --only '3x3|^9/'      rows or groups whose id matches
 *   npm run bench:peers -- --peers litert,tfjs
 *   npm run bench:peers -- --node 24             the whole thing in another Node
 *   npm run bench:peers -- --json                {"rows":[…]} on stdout, nothing else
 *   npm run bench:peers -- --rounds 9 --milliseconds 40    turns per contender, and how long one lasts
 *   npm run bench:peers -- --save                also into bench/results/<date>-<cpu>-<host>.json, which README's table is made of
 *   npm run bench:peers -- --conv 64x56x56 --out 128       a shape of your own; see npm run bench -- --help
 */
import { exitOnHelp } from '../../scripts/process.mjs';
import { isOtherNode, runInNode } from '../other-node.mjs';
import { benchInference } from '../suite/command.mjs';
import { readOptions } from '../suite/options.mjs';
import { PEERS } from './install.mjs';

exitOnHelp(import.meta.url);
const options = readOptions('bench:peers', { peers: { type: 'string', default: Object.keys(PEERS).join(',') } }, { rounds: 9, milliseconds: 40 });
const peers = options.peers.split(',');
const unknown = peers.find((name) => !(name in PEERS));
if (unknown !== undefined) {
  process.stderr.write(`bench:peers: --peers: expected some of ${Object.keys(PEERS).join(', ')}, received "${unknown}"\n`);
  process.exit(2);
}
if (isOtherNode(options.node)) runInNode(options.node);
else await benchInference(options, peers, '');
