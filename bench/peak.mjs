/** The register peak of this core and engine: what a kernel's speed is a share of. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildEnvironment } from '../scripts/toolchain.mjs';

const crate = fileURLToPath(new URL('peak', import.meta.url));
const ITERATIONS = 2_000_000;

/** The instructions that kernels multiply by, and what rustc must be told to emit them. */
const PEAKS = { i16_dot: '+simd128', relaxed_dot: '+simd128,+relaxed-simd', f32_mul_add: '+simd128' };

/** Builds bench/peak unless that is done. */
function built(instruction) {
  const target = fileURLToPath(new URL(`../target/peak-${instruction}`, import.meta.url));
  const wasm = `${target}/wasm32-unknown-unknown/release/peak.wasm`;
  if (existsSync(wasm) && statSync(wasm).mtimeMs > statSync(`${crate}/src/lib.rs`).mtimeMs) return wasm;
  const args = ['build', '--release', '--quiet', '--target', 'wasm32-unknown-unknown', '--target-dir', target];
  const env = { ...buildEnvironment(), RUSTFLAGS: `-C target-feature=${PEAKS[instruction]}` };
  execFileSync('cargo', args, { cwd: crate, stdio: ['ignore', 'inherit', 'inherit'], env });
  return wasm;
}

/** GMAC/s of an instruction in registers: the best of 10 runs, since a peak is what is possible. */
export function measurePeak(instruction) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(built(instruction))));
  let best = 0;
  for (let repetition = 0; repetition < 10; repetition++) {
    const start = performance.now();
    exports[instruction](ITERATIONS, repetition + 1);
    best = Math.max(best, (exports[`${instruction}_macs`]() * ITERATIONS) / (performance.now() - start) / 1e6);
  }
  return best;
}
