/**
 * node bench/readme-table.mjs: writes README.md's speed table from the newest files in bench/results, one of Node 20 and one of Node 24 of the same CPU.
 * `npm run bench:peers -- --save` and `-- --node 24 --save` make them.
 *
 *   node bench/readme-table.mjs --check     writes nothing; ends with 1 if the table is not what the files say
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitOnHelp, isMain, ROOT } from '../scripts/process.mjs';
import { figure } from './suite/report.mjs';

const BEGIN = '<!-- speed table: node bench/readme-table.mjs -->';
const END = '<!-- end of the speed table -->';
const RESULTS = join(ROOT, 'bench/results');

/** What a reader wants to see, and what it is called. */
const LINES = [
  ['3/512x512x512', 'product 512³, n8 × i8'],
  ['4/512x512x512/int8', 'product 512³, u8 × i8'],
  ['4/512x512x512/int4', 'product 512³, u4 × i4'],
  ['2/64x56x56', '3×3 64×56², INT8'],
  ['2/64x56x56/fast', '3×3 64×56², INT8, `memory: \'fast\'`'],
  ['1/64x56x56', '3×3 64×56², INT4'],
  ['2/256x14x14', '3×3 256×14², INT8'],
  ['1/256x14x14', '3×3 256×14², INT4'],
  ['1/512x7x7', '3×3 512×7², INT4, cold weights'],
  ['5/256x56x56-64', '1×1 256→64 at 56², INT8'],
  ['5/64x56x56-256', '1×1 64→256 at 56², INT8'],
  ['6/144x56x56', 'depthwise 3×3 144×56², INT8'],
  ['6/144x56x56-s2', 'depthwise 3×3 144×56², stride 2, INT8'],
  ['7/3x224x224-64-s2', 'first layer 7×7 3→64 at 224², INT8'],
  ['more/64x56x56/f32', '3×3 64×56², float'],
  ['more/144x56x56/f32', 'depthwise 3×3 144×56², float'],
  ['9/resnet18', 'ResNet-18, INT8'],
  ['9/resnet18/fast', 'ResNet-18, INT8, `memory: \'fast\'`'],
  ['9/resnet18/int4', 'ResNet-18, INT4'],
  ['9/resnet18/f32', 'ResNet-18, float'],
  ['10/mobilenetv2', 'MobileNetV2, INT8'],
  ['10/mobilenetv2/int4', 'MobileNetV2, INT4'],
  ['10/mobilenetv2/f32', 'MobileNetV2, float'],
  ['10/squeezenet', 'SqueezeNet 1.1, INT8'],
];

/** The peers that have a column; the native one does not compete in the web and is in the files only. */
const PEERS = [['litert', 'LiteRT.js'], ['onnxruntime-web', 'onnxruntime-web']];

/** The newest file with peers of a major version of Node, of those in `files`: { name, rows }. */
function newest(files, major) {
  return files.filter(({ rows }) => rows[0]?.nodeMajor === major && rows.some(({ peer }) => peer !== null)).sort((a, b) => (a.name < b.name ? 1 : -1))[0];
}

function cells(row) {
  if (row === undefined || row.value === null) return ['–', ...PEERS.map(() => '–')];
  const own = `${figure(row.value)}${row.ratio === null ? '' : ` (${Math.round(100 * row.ratio)} %)`}`;
  return [own, ...PEERS.map(([name]) => against(row.peers.filter((peer) => peer.name === name && peer.value !== null)))];
}

/** The fastest file of a peer, and what ours is to it. */
function against(peers) {
  if (peers.length === 0) return '–';
  const best = peers.reduce((a, b) => (a.value > b.value ? a : b));
  const ratio = `${best.ratio.toFixed(2)}×`;
  return `${figure(best.value)}, ${best.ratio >= 1 ? `**${ratio}**` : ratio}`;
}

function tableOf({ rows }) {
  const [{ host, cpu, date, flavour, lowering }] = rows;
  const find = (id) => rows.find((row) => row.id === id);
  const versions = PEERS.map(([name, title]) => {
    const peer = rows.flatMap(({ peers }) => peers).find((one) => one.name === name);
    return peer === undefined ? title : `${title} ${peer.version}`;
  });
  const verdicts = rows.flatMap(({ aims }) => aims).filter(({ reached }) => reached !== null);
  const head = `**${host.replace('node', 'Node')}**, ${cpu}, ${date}, flavour \`${flavour}\`${lowering === 'none' ? '' : ` (${lowering})`}; ${verdicts.filter(({ reached }) => reached).length} of ${verdicts.length} aims reached`;
  const line = (list) => `| ${list.join(' | ')} |`;
  const body = LINES.map(([id, title]) => [title, ...cells(find(id))]).filter(([, own]) => own !== '–');
  return [head, '', line(['', 'dyadic (of the peak)', ...versions]), '|---|--:|--:|--:|', ...body.map(line)].join('\n');
}

/** The text between the markers, from the result files' contents. */
export function speedTable(files) {
  const chosen = [24, 20].map((major) => newest(files, major)).filter((file) => file !== undefined);
  return chosen.map(tableOf).join('\n\n');
}

/** What is in bench/results, oldest first. */
export function resultFiles() {
  return readdirSync(RESULTS).filter((name) => name.endsWith('.json')).sort().map((name) => ({ name, ...JSON.parse(readFileSync(join(RESULTS, name), 'utf8')) }));
}

/** README's text with this table between its markers. Throws if it has none. */
export function withTable(readme, table) {
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`README.md has no place for the speed table: "${BEGIN}" … "${END}"`);
  return `${readme.slice(0, from + BEGIN.length)}\n\n${table}\n\n${readme.slice(to)}`;
}

function main() {
  exitOnHelp(import.meta.url);
  const path = join(ROOT, 'README.md');
  const old = readFileSync(path, 'utf8');
  const text = withTable(old, speedTable(resultFiles()));
  if (text === old) process.stdout.write('README.md has the table of the results\n');
  else if (process.argv.includes('--check')) {
    process.stderr.write('README.md: the speed table is not that of bench/results; node bench/readme-table.mjs writes it\n');
    process.exitCode = 1;
  } else {
    writeFileSync(path, text);
    process.stdout.write('README.md: wrote the speed table\n');
  }
}

if (isMain(import.meta.url)) main();
