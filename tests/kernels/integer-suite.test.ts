/** The Rust suites of the integer kernels, compiled to WebAssembly: simd128 equals the reference bit for bit. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
// @ts-expect-error A script without types.
import { buildEnvironment } from '../../scripts/toolchain.mjs';

interface Suites {
  readonly memory: WebAssembly.Memory;
  suite_count(): number;
  suite_name(suite: number): number;
  run_suite(suite: number): number;
  text_address(): number;
}

const ROOT = new URL('../../', import.meta.url);
const TARGET = 'target/integer-suite';
const WASM = `${TARGET}/wasm32-unknown-unknown/release/examples/integer_suite.wasm`;

/** One code generation unit per core and no whole-program optimization: this module is built to be right, not fast. */
function built(): Suites {
  const args = ['build', '--quiet', '--release', '-p', 'kernels', '--example', 'integer_suite', '--features', 'wasm-suite'];
  const speed = ['--config', 'profile.release.lto=false', '--config', 'profile.release.codegen-units=16'];
  execFileSync('cargo', [...args, ...speed, '--target', 'wasm32-unknown-unknown', '--target-dir', TARGET], {
    cwd: ROOT,
    env: { ...(buildEnvironment() as NodeJS.ProcessEnv), RUSTFLAGS: '-C target-feature=+simd128' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const module = new WebAssembly.Module(readFileSync(new URL(WASM, ROOT)));
  return new WebAssembly.Instance(module).exports as unknown as Suites;
}

const simd128 = suite('integer kernels on simd128');
const suites = built();
const shown = (length: number): string => new TextDecoder().decode(new Uint8Array(suites.memory.buffer, suites.text_address(), length));

assert.ok(suites.suite_count() > 0);
for (let index = 0; index < suites.suite_count(); index++) {
  simd128(shown(suites.suite_name(index)), () => assert.is(shown(suites.run_suite(index)), ''));
}

simd128.run();
