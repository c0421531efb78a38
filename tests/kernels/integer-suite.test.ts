/** The Rust suites of the integer kernels, compiled to WebAssembly: every flavour with vectors equals the reference bit for bit. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
// @ts-expect-error A script without types.
import { buildEnvironment } from '../../scripts/toolchain.mjs';
import { FLAVOURS } from '../engine/flavours.js';

interface Suites {
  readonly memory: WebAssembly.Memory;
  suite_count(): number;
  suite_name(suite: number): number;
  run_suite(suite: number): number;
  text_address(): number;
  relaxed_dot(a: number, b: number): number;
}

const ROOT = new URL('../../', import.meta.url);
const FEATURES = { simd128: '+simd128', relaxed: '+simd128,+relaxed-simd' } as const;

/** One code generation unit per core and no whole-program optimization: this module is built to be right, not fast. */
function built(flavour: keyof typeof FEATURES): Suites {
  const target = `target/integer-suite-${flavour}`;
  const args = ['build', '--quiet', '--release', '-p', 'kernels', '--example', 'integer_suite', '--features', 'wasm-suite'];
  const speed = ['--config', 'profile.release.lto=false', '--config', 'profile.release.codegen-units=16'];
  execFileSync('cargo', [...args, ...speed, '--target', 'wasm32-unknown-unknown', '--target-dir', target], {
    cwd: ROOT,
    env: { ...(buildEnvironment() as NodeJS.ProcessEnv), RUSTFLAGS: `-C target-feature=${FEATURES[flavour]}` },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const module = new WebAssembly.Module(readFileSync(new URL(`${target}/wasm32-unknown-unknown/release/examples/integer_suite.wasm`, ROOT)));
  return new WebAssembly.Instance(module).exports as unknown as Suites;
}

/** What the relaxed instruction does on this engine decides which of these is right; the others multiply wrongly here, as they may. */
const [VPDPBUSD, SDOT] = [129540, -508];
const ANSWERS: Readonly<Record<string, number>> = {
  relaxed_usdot: VPDPBUSD, saturated_usdot: VPDPBUSD, batches_of_usdot: VPDPBUSD, weight_gradient_usdot: VPDPBUSD,
  relaxed_sdot: SDOT, batches_of_sdot: SDOT, weight_gradient_sdot: SDOT,
};

for (const flavour of ['simd128', 'relaxed'] as const) {
  if (!FLAVOURS.includes(flavour)) continue;
  const test = suite(`integer kernels on ${flavour}`);
  const suites = built(flavour);
  const shown = (length: number): string => new TextDecoder().decode(new Uint8Array(suites.memory.buffer, suites.text_address(), length));
  assert.ok(suites.suite_count() > 0);
  for (let index = 0; index < suites.suite_count(); index++) {
    const name = shown(suites.suite_name(index));
    const isRight = flavour === 'simd128' || !(name in ANSWERS) || suites.relaxed_dot(127, 255) === ANSWERS[name];
    const check = (): void => assert.is(shown(suites.run_suite(index)), '');
    if (isRight) test(name, check);
    else test.skip(`${name}: not what this engine computes`, check);
  }
  test.run();
}
