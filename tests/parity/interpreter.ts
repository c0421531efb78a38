/** Runs `crates/reference` on many graphs at once. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeDyad } from '../../ts/integer/dyad.js';
import type { IntegerGraph } from '../../ts/integer/integer-graph.js';
import { product } from './graph-builder.js';
import type { Sample } from './samples.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Case {
  readonly graph: IntegerGraph;
  readonly samples: readonly Sample[];
}

/** For every sample the codes of every value, by its index. */
export type Interpreted = readonly (readonly Int32Array[])[];

/** What the reference makes of every case, in order. Throws with the reference's words if it refuses one. */
export function interpret(cases: readonly Case[]): Interpreted[] {
  const folder = mkdtempSync(join(tmpdir(), 'dyadic-parity-'));
  try {
    cases.forEach(({ graph, samples }, index) => {
      writeFileSync(join(folder, `${index}.dyad`), encodeDyad(graph));
      writeFileSync(join(folder, `${index}.in`), Buffer.concat(samples.flat().map((codes) => Buffer.from(codes.buffer, codes.byteOffset, codes.byteLength))));
    });
    const run = spawnSync('cargo', ['run', '--release', '-q', '-p', 'reference', '--bin', 'interpret', folder], { cwd: ROOT, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`the reference interpreter failed: ${run.stderr || String(run.error)}`);
    return cases.map((one, index) => readCase(folder, index, one));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readCase(folder: string, index: number, { graph, samples }: Case): Interpreted {
  const refused = join(folder, `${index}.err`);
  if (existsSync(refused)) throw new Error(`the reference refuses "${graph.name}": ${readFileSync(refused, 'utf8')}`);
  const bytes = readFileSync(join(folder, `${index}.out`));
  const codes = new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const counts = graph.values.map(({ shape }) => product(shape));
  const expected = counts.reduce((sum, count) => sum + count, 0) * samples.length;
  if (codes.length !== expected) throw new Error(`the reference wrote ${codes.length} codes for "${graph.name}", expected ${expected}`);
  let at = 0;
  return samples.map(() => counts.map((count) => codes.subarray(at, (at += count))));
}
