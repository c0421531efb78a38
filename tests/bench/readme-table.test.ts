/** README's speed table is what the committed results say. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
// @ts-expect-error A script without types.
import { resultFiles, speedTable, withTable } from '../../bench/readme-table.mjs';

interface ResultFile {
  readonly name: string;
  readonly rows: readonly object[];
}

const table = speedTable as (files: readonly ResultFile[]) => string;
const insert = withTable as (readme: string, text: string) => string;
const speed = suite('README speed table');

const host = { host: 'node 24.1.0', nodeMajor: 24, cpu: 'CPU', date: '2026-01-02', flavour: 'relaxed', lowering: 'vpdpbusd', aims: [{ reached: false }, { reached: null }] };
const row = (value: number | null): object => ({
  ...host, id: '9/resnet18', value, ratio: 0.512, peer: 'litert',
  peers: [{ name: 'litert', version: '1', value: 50, ratio: 1.2 }, { name: 'onnxruntime-web', version: '2', value: 110, ratio: 0.55 }, { name: 'onnxruntime-web', version: '2', value: 120, ratio: 0.5 }],
});

speed('is what the script makes of bench/results', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  assert.is(readme, insert(readme, table((resultFiles as () => ResultFile[])())), 'run node bench/readme-table.mjs');
});

speed('has ours with its share of the peak, each peer with the ratio, and losses too', () => {
  const lines = table([{ name: '2026-01-02-a.json', rows: [row(60)] }]).split('\n');
  assert.equal(lines, [
    '**Node 24.1.0**, CPU, 2026-01-02, flavour `relaxed` (vpdpbusd); 0 of 1 aims reached',
    '',
    '|  | dyadic (of the peak) | LiteRT.js 1 | onnxruntime-web 2 |',
    '|---|--:|--:|--:|',
    '| ResNet-18, INT8 | 60.0 (51 %) | 50.0, **1.20×** | 120, 0.50× |',
  ]);
});

speed('is of the newest file with peers', () => {
  const files = [{ name: '2026-01-02-a.json', rows: [row(60)] }, { name: '2026-01-03-a.json', rows: [row(70)] }, { name: '2026-01-04-a-alone.json', rows: [{ ...row(80), peer: null }] }];
  assert.match(table(files), '| 70.0 (51 %) |');
  assert.is(table([]), '');
});

speed('a README without its place is refused', () => {
  assert.throws(() => insert('nothing', 'table'), /no place for the speed table/);
});

speed.run();
