/**
 * The flavour `relaxed` on engines that have it, have it wrong or have it slow. Versions of Node that are not installed are skipped by name; `npm run
 * engines` installs them.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../hosts/context.mjs';
import { findNode } from './nodes.mjs';
import { probe } from './probe.mjs';

const engines = suite('engines');

/** A test that needs a version of Node. */
function on(major: 20 | 22 | 24, name: string, test: (binary: string) => void): void {
  const binary = findNode(major);
  if (binary === undefined) engines.skip(`Node ${major}: ${name} (not installed: npm run engines)`, () => undefined);
  else engines(`Node ${major}: ${name}`, () => test(binary));
}

/** Whether this CPU has the instruction that Node 24 turns the relaxed dot product into; null where nobody tells. */
function hasVnni(): boolean | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  return /\bavx_vnni\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
}

const isX64 = process.arch === 'x64';

on(20, 'does not know it', (node) => {
  const { auto, relaxed, refusal } = probe(node, '');
  assert.equal([auto, relaxed], ['simd128', 'ERR_WASM_LOAD']);
  assert.match(refusal, 'to compile here');
});

on(20, 'with its flag computes it wrongly, and is refused', (node) => {
  if (!isX64) return;
  const { auto, relaxed, refusal } = probe(node, '--experimental-wasm-relaxed-simd');
  assert.equal([auto, relaxed], ['simd128', 'ERR_WASM_LOAD']);
  assert.match(refusal, /relaxed to compute \d+ here/);
});

on(22, 'has it slow: honoured when asked for, not taken by itself', (node) => {
  if (!isX64) return;
  const { auto, relaxed } = probe(node, '');
  assert.equal([auto, relaxed], ['simd128', 'pmaddubsw']);
});

on(24, 'takes it where it is one instruction, in every tier', (node) => {
  const vnni = hasVnni();
  if (vnni === null) return;
  for (const flag of ['', '--liftoff-only', '--no-liftoff']) {
    const { auto, relaxed } = probe(node, flag);
    assert.equal([flag, auto, relaxed], [flag, ...(vnni ? ['relaxed', 'vpdpbusd'] : ['simd128', 'pmaddubsw'])]);
  }
});

on(24, 'without VNNI has it slow', (node) => {
  if (!isX64) return;
  const { auto, relaxed } = probe(node, '--no-enable-avx-vnni');
  assert.equal([auto, relaxed], ['simd128', 'pmaddubsw']);
});

for (const major of [22, 24] as const) {
  on(major, 'without AVX computes vectors wrongly, and is trusted with none', (node) => {
    if (!isX64) return;
    const { auto, relaxed, refusal } = probe(node, '--no-enable-avx');
    assert.equal([auto, relaxed], ['scalar', 'ERR_WASM_LOAD']);
    assert.match(refusal, /relaxed to compute \d+ here/);
  });
}

/** Another test file in another Node, for the flavour `relaxed` alone. It throws what the file printed if that failed. */
function testFile(node: string, flags: readonly string[], file: string, seeds: number): void {
  const env = { ...process.env, DYADIC_FLAVOUR: 'relaxed', DYADIC_SEEDS: String(seeds) };
  execFileSync(node, [...flags, '--import', './scripts/uvu-errors.mjs', '--import', 'tsx', file], { cwd: root, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

on(24, 'single operations and random networks equal the reference', (node) => {
  testFile(node, [], 'tests/parity/parity.test.ts', 250);
  if (isX64) testFile(node, ['--no-enable-avx-vnni'], 'tests/parity/parity.test.ts', 60);
});

on(22, 'single operations and random networks equal the reference', (node) => testFile(node, [], 'tests/parity/parity.test.ts', 60));

on(24, 'networks at the accumulator clause equal the reference', (node) => testFile(node, [], 'tests/parity/limits.test.ts', 0));

for (const file of ['fuzz', 'steps', 'loading']) on(24, `the engine's ${file} tests`, (node) => testFile(node, [], `tests/engine/${file}.test.ts`, 0));

on(24, 'the example network equals the reference in every mode', (node) => testFile(node, [], 'tests/parity/networks.test.ts', 0));

for (const file of ['oracle/quantized-layers', 'oracle/quantized-network', 'program/determinism']) {
  on(24, `training's ${file}`, (node) => {
    testFile(node, [], `tests/train/${file}.test.ts`, 0);
    if (isX64) testFile(node, ['--no-enable-avx-vnni'], `tests/train/${file}.test.ts`, 0);
  });
}

for (const major of [22, 24] as const) on(major, 'the suites of the kernels', (node) => testFile(node, [], 'tests/kernels/integer-suite.test.ts', 0));

engines.run();
