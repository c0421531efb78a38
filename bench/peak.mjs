/** The register peak of this core and engine: what a kernel's speed is a share of. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildEnvironment } from '../scripts/toolchain.mjs';

const crate = fileURLToPath(new URL('peak', import.meta.url));
const target = fileURLToPath(new URL('../target/peak', import.meta.url));
const wasm = `${target}/wasm32-unknown-unknown/release/peak.wasm`;
const ITERATIONS = 2_000_000;

/** Builds bench/peak unless that is done. */
function build() {
  if (existsSync(wasm) && statSync(wasm).mtimeMs > statSync(`${crate}/src/lib.rs`).mtimeMs) return;
  const args = ['build', '--release', '--quiet', '--target', 'wasm32-unknown-unknown', '--target-dir', target];
  execFileSync('cargo', args, { cwd: crate, stdio: ['ignore', 'inherit', 'inherit'], env: { ...buildEnvironment(), RUSTFLAGS: '-C target-feature=+simd128' } });
}

/** GMAC/s of i16 dot products in registers: the best of 10 runs, since a peak is what is possible. */
export function measurePeak() {
  build();
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(wasm)));
  let best = 0;
  for (let repetition = 0; repetition < 10; repetition++) {
    const start = performance.now();
    exports.i16_dot(ITERATIONS, repetition + 1);
    best = Math.max(best, (exports.i16_dot_macs() * ITERATIONS) / (performance.now() - start) / 1e6);
  }
  return best;
}
