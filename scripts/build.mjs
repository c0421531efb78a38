/**
 * `npm run build`: parameter writers, one wasm module per flavour, the JavaScript of ts/. Parts whose inputs did not change are skipped.
 * `npm run build -- wasm` leaves the JavaScript out: tests run from ts/.
 */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT, StepError, isMain, mainProgram, run, say } from './process.mjs';
import { whenChanged } from './stamp.mjs';
import { buildEnvironment } from './toolchain.mjs';

const KERNEL_SOURCES = ['Cargo.toml', 'Cargo.lock', 'crates/simd/Cargo.toml', 'crates/simd/src', 'crates/kernels/Cargo.toml', 'crates/kernels/src'];
const TRAIN_SOURCES = ['crates/quantizers', 'crates/training'];

// Kernels keep register tiles on the stack and nothing else; a megabyte, the default, would be the largest part of the module's memory.
const STACK_BYTES = 131_072;
const LINKER = ['-C', `link-arg=-zstack-size=${STACK_BYTES}`];

// LLVM's scheduler for WebAssembly counts the stack's registers, not those of a CPU: it would gather all products of one weight vector in front of those of the other, so that every
// activation of a tile lives through both. V8 then spills all tiles of more than four rows. In source order an activation dies after its two products.
const VECTORS = ['-C', 'llvm-args=-pre-RA-sched=source', ...LINKER];

/**
 * The flags of rustc, the optimization level of the modules of inference, and the instructions that wasm-opt may expect and use. Level 3 makes them 4 KB larger,
 * compressed, and not measurably faster. `scalar` is what an engine without SIMD falls back on: small rather than fast.
 */
export const FLAVOURS = {
  scalar: { rust: LINKER, level: 's', features: [] },
  simd128: { rust: ['-C', 'target-feature=+simd128', ...VECTORS], level: '2', features: ['--enable-simd'] },
  relaxed: { rust: ['-C', 'target-feature=+simd128,+relaxed-simd', ...VECTORS], level: '2', features: ['--enable-simd', '--enable-relaxed-simd'] },
};

// What rustc emits for wasm32 today; every host that we support knows them. wasm-opt refuses a module with features it is not told of.
const FEATURES = ['bulk-memory', 'bulk-memory-opt', 'nontrapping-float-to-int', 'sign-ext', 'mutable-globals', 'reference-types', 'multivalue'].map((name) => `--enable-${name}`);

// Rust's inline(never) is a decision about registers (one function per kernel and per tile), and binaryen would inline what has one caller.
const KEEP_FUNCTIONS = ['--one-caller-inline-max-function-size=0'];

function buildParams(env) {
  const output = 'ts/wasm/params.ts';
  const inputs = [...KERNEL_SOURCES, ...TRAIN_SOURCES, 'bindings/params'];
  const ran = whenChanged('params', { inputs, outputs: [output] }, () => {
    run('cargo', ['run', '--quiet', '--package', 'params', '--', join(ROOT, output)], { env });
  });
  say('parameters', ran ? `wrote ${output}` : 'unchanged');
}

/** `train`: the module of dyadic/train, which has the kernels of training beside all others. */
function buildFlavour(flavour, { train }, env) {
  const { rust, level: small, features } = FLAVOURS[flavour];
  // Training keeps Cargo.toml's level: there speed is everything, and nobody loads it with a page.
  const level = train && flavour !== 'scalar' ? undefined : small;
  const name = train ? `train-${flavour}` : flavour;
  const outputs = [`pkg/${name}.wasm`, `pkg/${name}.wasm.d.ts`, `dist/wasm/${name}.wasm`];
  const settings = [train, rust, level, FEATURES, features, KEEP_FUNCTIONS, run('rustc', ['--version'], { env })];
  const inputs = [...KERNEL_SOURCES, ...(train ? TRAIN_SOURCES : []), 'bindings/wasm', 'scripts/trap-panics.mjs'];
  const ran = whenChanged(name, { inputs, settings, outputs }, () => {
    const folder = join(ROOT, 'target', 'wasm-pack', name);
    const wasmPack = ['build', join(ROOT, 'bindings', 'wasm'), '--release', '--mode', 'no-install', '--target', 'web', '--no-opt', '--no-pack'];
    const target = ['--', '--target-dir', join(ROOT, 'target', flavour), ...(train ? ['--features', 'train'] : [])];
    run('wasm-pack', [...wasmPack, '--out-dir', folder, '--out-name', 'dyadic', ...target], {
      env: { ...env, RUSTFLAGS: rust.join(' '), ...(level === undefined ? {} : { CARGO_PROFILE_RELEASE_OPT_LEVEL: level }) },
    });
    mkdirSync(join(ROOT, 'pkg'), { recursive: true });
    mkdirSync(join(ROOT, 'dist', 'wasm'), { recursive: true });
    // A process of its own: `npm start` reads this file before it has installed anything.
    process.stdout.write(run(process.execPath, [join(ROOT, 'scripts/trap-panics.mjs'), join(folder, 'dyadic_bg.wasm')]));
    const wasmOpt = join(ROOT, 'node_modules', 'binaryen', 'bin', 'wasm-opt');
    const optimize = ['-O3', ...KEEP_FUNCTIONS, '--strip-debug', '--strip-producers', '--strip-target-features', ...FEATURES, ...features];
    run(process.execPath, [wasmOpt, join(folder, 'dyadic_bg.wasm'), ...optimize, '-o', join(ROOT, outputs[0])]);
    copyFileSync(join(folder, 'dyadic_bg.wasm.d.ts'), join(ROOT, outputs[1]));
    copyFileSync(join(ROOT, outputs[0]), join(ROOT, outputs[2]));
  });
  const bytes = readFileSync(join(ROOT, outputs[0]));
  say(`${name}.wasm`, `${ran ? 'built' : 'unchanged'}, ${bytes.length} bytes, ${gzipSync(bytes).length} compressed`);
}

function buildJavaScript() {
  const main = 'dist/cli/main.js';
  const bundler = 'scripts/bundle-node.mjs';
  const inputs = ['ts', bundler, 'tsconfig.json', 'package.json', 'package-lock.json'];
  const ran = whenChanged('javascript', { inputs, outputs: ['dist/index.js', main, 'dist/node/node.js'] }, () => {
    run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '--project', ROOT, '--noEmitOnError']);
    if (statSync(join(ROOT, main), { throwIfNoEntry: false }) === undefined) throw new StepError(`${main} was not made.`);
    // A process of its own: `npm start` reads this file before it has installed anything.
    run(process.execPath, [join(ROOT, bundler)]);
    for (const program of [main, 'dist/node/cli.js']) chmodSync(join(ROOT, program), 0o755);
  });
  say('JavaScript', ran ? 'compiled ts/ to dist/, bundled dist/node/' : 'unchanged');
}

export function build({ javaScript = true } = {}) {
  const env = buildEnvironment();
  if (env === undefined) throw new StepError('Rust, its wasm32 target, wasm-bindgen or wasm-pack is missing.', 'npm run setup');
  buildParams(env);
  for (const train of [false, true]) for (const flavour of Object.keys(FLAVOURS)) buildFlavour(flavour, { train }, env);
  if (javaScript) buildJavaScript();
}

if (isMain(import.meta.url)) await mainProgram(() => build({ javaScript: process.argv[2] !== 'wasm' }));
