/** The rules of the house (DESIGN §2 and §3) that a compiler does not check. */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ABI_FUNCTIONS } from '../ts/wasm/abi.js';
import { ALL_FLAVOURS } from './engine/flavours.js';

const house = suite('house');
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Every source file below a folder, relative to the root. */
function files(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name.startsWith('.') ? [] : files(path, pattern);
    return pattern.test(entry.name) ? [path] : [];
  });
}

const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

function cargo(...args: string[]): string {
  const result = spawnSync('cargo', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.is(result.status, 0, `cargo ${args.join(' ')}: ${result.stderr}${String(result.error ?? '')}`);
  return result.stdout;
}

/** Which rooms each room of ts/ may import from, besides itself. `errors` and `index` are files. */
const LAYERS = ['errors', 'wasm', 'tensor', 'graph', 'integer', 'session', 'quantize', 'train'];
const below = (room: string): string[] => LAYERS.slice(0, LAYERS.indexOf(room));
const ALLOWED: Record<string, string[]> = {
  ...Object.fromEntries(LAYERS.map((room) => [room, below(room)])),
  onnx: ['errors', 'graph'],
  index: [...LAYERS, 'onnx'],
  cli: [...LAYERS, 'onnx', 'index', 'entry'],
  entry: ['wasm', 'index', 'train'],
};

/** `ts/graph/shape.ts` → `graph`, `ts/errors.ts` → `errors`. */
function roomOf(path: string): string {
  return (path.split('/')[1] ?? '').replace(/\.ts$/, '');
}

/** The files that the relative imports of a file name, types included. */
function imports(path: string): string[] {
  const specifiers = [...text(path).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*)'/g)].map((match) => match[1] as string);
  return specifiers.map((specifier) => normalize(join(dirname(path), specifier)).replace(/\.js$/, '.ts'));
}

function arrowsUp(paths: readonly string[]): string[] {
  return paths.flatMap((path) =>
    imports(path)
      .filter((target) => roomOf(target) !== roomOf(path) && !ALLOWED[roomOf(path)]?.includes(roomOf(target)))
      .map((target) => `${path} → ${target}`),
  );
}

house('arrows point down only', () => {
  const sources = files('ts', /\.ts$/);
  assert.ok(sources.length > 20);
  assert.ok(sources.flatMap(imports).length > sources.length, 'imports are found');
  assert.equal(arrowsUp(sources), []);
});

/** The files that are loaded with one, without what is imported lazily or for its types only. */
function loadedWith(path: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(path)) return loaded;
  loaded.add(path);
  const specifiers = [...text(path).matchAll(/^(?:import|export)(?!\s+type\b)[^;]*?'(\.[^']*\.js)';/gm)].map((match) => match[1] as string);
  for (const specifier of specifiers) loadedWith(normalize(join(dirname(path), specifier)).replace(/\.js$/, '.ts'), loaded);
  return loaded;
}

house('who runs networks loads nothing of training', () => {
  const entries = files('ts/entry', /\.ts$/).filter((path) => !path.includes('/train-'));
  for (const entry of entries) {
    const loaded = [...loadedWith(entry)];
    assert.ok(loaded.length > 20, `${entry} loads ${loaded.length} files`);
    assert.equal(loaded.filter((path) => roomOf(path) === 'train' || /train-.*wasm/.test(text(path))), [], entry);
  }
});

house('nothing on the inference path imports a package', () => {
  const outside = files('ts', /\.ts$/)
    .filter((path) => !['cli', 'onnx', 'entry'].includes(roomOf(path)))
    .flatMap((path) => [...text(path).matchAll(/^(?:import|export)\b[^;]*?from\s+'([^.'][^']*)'/gm)].map((match) => `${path}: ${match[1]}`));
  assert.equal(outside, []);
});

house('index.ts only re-exports, an entry is at most ten lines', () => {
  for (const path of ['ts/index.ts', 'ts/train/index.ts']) {
    const code = text(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    const statements = code.split(';').map((statement) => statement.trim()).filter((statement) => statement !== '');
    assert.equal(statements.filter((statement) => !/^export\s+(type\s+)?(\*|\{)[\s\S]*\sfrom\s/.test(statement)), [], path);
  }
  for (const path of files('ts/entry', /\.ts$/)) assert.ok(text(path).trimEnd().split('\n').length <= 10, path);
});

house('unsafe has two rooms', () => {
  const rooms = ['bindings/wasm/src/arena.rs', 'crates/simd/src/mem.rs'];
  const found = [...files('crates', /\.rs$/), ...files('bindings', /\.rs$/)].filter((path) => /\bunsafe\b/.test(text(path).replace(/\/\/.*/g, '')));
  assert.equal(found.filter((path) => !rooms.includes(path)), []);
});

house('files stay readable', () => {
  const sources = ['crates', 'bindings', 'ts', 'tests', 'scripts', 'bench', 'examples'].flatMap((folder) => files(folder, /\.(rs|ts|mjs|js|py|sh)$/));
  const long = sources.filter((path) => path !== 'ts/wasm/params.ts' && text(path).split('\n').length > 501);
  assert.equal(long, []);
});

house('the reference shares nothing with what it judges', () => {
  const tree = cargo('tree', '--package', 'reference', '--edges', 'normal,build,dev', '--prefix', 'none', '--offline');
  const crates = tree.split('\n').map((line) => line.split(' ')[0]);
  assert.ok(crates.includes('reference'));
  assert.equal(crates.filter((name) => ['simd', 'kernels', 'quantizers', 'training', 'dyadic-wasm'].includes(name ?? '')), []);
});

house('ts/wasm/params.ts is what the structs say', () => {
  assert.is(cargo('run', '--quiet', '--package', 'params', '--offline'), text('ts/wasm/params.ts'));
});

/** Of inference, and those with the kernels of training. */
const MODULES = ALL_FLAVOURS.flatMap((flavour) => [flavour, `train-${flavour}`]);

house('the typed exports are those of the module', () => {
  for (const module of MODULES) {
    const declared = [...text(`pkg/${module}.wasm.d.ts`).matchAll(/export const (\w+): \(([^)]*)\) => number/g)].map((match) => match[1] as string);
    assert.equal(declared.sort(), [...ABI_FUNCTIONS].sort());
  }
});

/** What the walk from an export says, and whether it found no float instruction. */
function walk(module: string, name: string): { isClean: boolean; said: string } {
  const { status, stdout, stderr } = spawnSync('cargo', ['run', '--quiet', '--package', 'opcodes', '--', `pkg/${module}.wasm`, name], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.ok(status === 0 || status === 1, `opcodes: ${stderr}`);
  return { isClean: status === 0, said: stdout };
}

house('SPEC 3.8: no float instruction is reachable from run_integer', () => {
  for (const module of MODULES) {
    const { isClean, said } = walk(module, 'run_integer');
    assert.ok(isClean, said);
    const functions = Number(/in the (\d+) functions/.exec(said)?.[1]);
    assert.ok(functions > 15, `the kernels are among the ${functions} functions walked`);
  }
});

house('the walk finds float instructions where there are some', () => {
  for (const module of MODULES) {
    const { isClean, said } = walk(module, 'run_float');
    assert.not(isClean);
    assert.match(said, /F32Mul/);
  }
});

house.run();
