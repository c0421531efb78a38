/**
 * npm run bench: the suite of ours alone. Each answer is verified, then timed; a row is our figure, the register peak beside it, their ratio, and what it has to reach.
 * Rows that are measured against other runtimes are judged by npm run bench:peers, which prints the same rows with the same ids.
 *
 *   npm run bench                                   everything: two minutes
 *   npm run bench -- --only '^1/|^3/'               rows or groups whose id matches: 1/64x56x56, gemm, network, start …; see bench/suite/rows.mjs
 *   npm run bench -- --node 24                      in another Node, from npm's `node` package
 *   npm run bench -- --flavour scalar
 *   npm run bench -- --json                         {"rows":[…]} on stdout, nothing else
 *   npm run bench -- --save                         also into bench/results/<date>-<cpu>-<host>-alone.json
 *   npm run bench -- --rounds 7 --milliseconds 40   turns of each kernel, and how long one lasts
 *
 * A shape of your own, in a Program that chooses its kernels as it does in a network:
 *
 *   npm run bench -- --conv 64x56x56                input channels × height × width; 3×3, stride 1, as many channels out
 *   npm run bench -- --conv 64x56x56 --out 128 --window 5 --stride 2 --type int8,int4 --memory fast
 *   npm run bench -- --conv 96x28x28 --groups depthwise
 *   npm run bench -- --gemm 512x512x512 --type all  M × N × K; types are f32, n8 (codes 0..127), int8, s8 (codes −128..127), w4a8, int4
 *
 *   npm run bench -- --only train                   training steps against PyTorch and TensorFlow.js: see bench/train.mjs
 */
import { parseArgs } from 'node:util';
import { exitOnHelp } from '../scripts/process.mjs';
import { isOtherNode, runInNode } from './other-node.mjs';
import { benchInference } from './suite/command.mjs';
import { readOptions } from './suite/options.mjs';

exitOnHelp(import.meta.url);
const { only } = parseArgs({ strict: false, options: { only: { type: 'string' } } }).values;
if (only === 'train') await (await import('./train.mjs')).trainCommand();
else {
  const options = readOptions('bench', {}, { rounds: 7, milliseconds: 40 });
  if (isOtherNode(options.node)) runInNode(options.node);
  else await benchInference(options, [], '-alone');
}
