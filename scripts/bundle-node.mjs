/**
 * What Node and Bun load, of few files: finding and linking eighty modules takes longer than loading a network. All entries in one pass, so that they
 * share their modules: a Tensor of `dyadic/core` is one of `dyadic`. Browsers and Workers have bundlers of their own, which drop what is not used module
 * by module, so they get the modules.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { rollup } from 'rollup';
import ts from 'typescript';
import { ROOT, isMain, mainProgram } from './process.mjs';

const NODE_ENTRIES = { node: 'dist/entry/node.js', core: 'dist/index.js', 'train-node': 'dist/entry/train-node.js', cli: 'dist/cli/main.js' };

/** Of the package's own modules, only the entries do something when they are imported: `sideEffects` of package.json. */
const moduleSideEffects = (id) => Object.values(NODE_ENTRIES).some((entry) => id === join(ROOT, entry));

/** The modules that `import 'dyadic'` evaluates at once: static imports, from the entry on. */
function eagerModules(getModuleInfo) {
  const found = new Set();
  const visit = (id) => {
    if (found.has(id)) return;
    found.add(id);
    for (const imported of getModuleInfo(id)?.importedIds ?? []) visit(imported);
  };
  visit(join(ROOT, NODE_ENTRIES.node));
  return found;
}

/**
 * Node scans all of a file before it runs any of it, and twice as slowly once a single character is not ASCII: comments go (the modules beside the bundle
 * keep them), and what strings hold is escaped. Names stay, for the sake of stack traces.
 */
const plain = {
  name: 'plain',
  renderChunk(code) {
    const compilerOptions = { removeComments: true, target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext };
    const { outputText } = ts.transpileModule(code, { compilerOptions });
    return { code: outputText.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`), map: null };
  },
};

async function bundleForNode() {
  const dir = join(ROOT, 'dist', 'node');
  rmSync(dir, { recursive: true, force: true });
  const bundle = await rollup({
    input: Object.fromEntries(Object.entries(NODE_ENTRIES).map(([name, path]) => [name, join(ROOT, path)])),
    external: (id) => !id.startsWith('.') && !id.startsWith(ROOT),
    treeshake: { moduleSideEffects },
    plugins: [plain],
    onwarn: ({ message }) => {
      throw new Error(message);
    },
  });
  let eager;
  await bundle.write({
    dir,
    format: 'es',
    chunkFileNames: '[name]-chunk.js',
    // One file of what every user loads: each further one takes Node half a millisecond.
    manualChunks: (id, { getModuleInfo }) => {
      eager ??= eagerModules(getModuleInfo);
      return eager.has(id) ? 'runtime' : undefined;
    },
  });
}

if (isMain(import.meta.url)) await mainProgram(bundleForNode);
