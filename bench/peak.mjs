/** The register peak of this core and engine: what a kernel's speed is a share of. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildEnvironment } from '../scripts/toolchain.mjs';
import { peakFile, peakOf } from './peak-loop.mjs';

const crate = fileURLToPath(new URL('peak', import.meta.url));

/** The instructions that kernels multiply by, and what rustc must be told to emit them. */
export const PEAKS = { i16_dot: '+simd128', relaxed_dot: '+simd128,+relaxed-simd', f32_mul_add: '+simd128' };

/** Builds bench/peak unless that is done; gives the file. */
export function builtPeak(instruction) {
  const target = fileURLToPath(new URL(`../target/peak-${instruction}`, import.meta.url));
  const wasm = fileURLToPath(new URL(`../${peakFile(instruction)}`, import.meta.url));
  if (existsSync(wasm) && statSync(wasm).mtimeMs > statSync(`${crate}/src/lib.rs`).mtimeMs) return wasm;
  const args = ['build', '--release', '--quiet', '--target', 'wasm32-unknown-unknown', '--target-dir', target];
  const env = { ...buildEnvironment(), RUSTFLAGS: `-C target-feature=${PEAKS[instruction]}` };
  execFileSync('cargo', args, { cwd: crate, stdio: ['ignore', 'inherit', 'inherit'], env });
  return wasm;
}

/** GMAC/s of an instruction in registers. */
export function measurePeak(instruction) {
  return peakOf(new WebAssembly.Module(readFileSync(builtPeak(instruction))), instruction);
}
