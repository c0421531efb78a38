/** One bundler each: what `entry` (`bundled` or `inference`) of the app becomes, in the folder `out`. With a bundler's defaults, but for what is said. */
import { copyFileSync, cpSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tool } from './context.mjs';

const WORKER = { bundled: ['bundled-worker.js'], inference: [] };

/** Leaves `new URL(…, import.meta.url)` alone: the wasm modules are copied to ../wasm beside the bundle, as README.md says. */
async function esbuild(context, entry, out) {
  const { build } = await import(pathToFileURL(join(tool(context, 'esbuild', 'latest'), 'lib/main.js')).href);
  await build({
    absWorkingDir: context.app,
    entryPoints: [`${entry}.js`, ...WORKER[entry]],
    outdir: join(out, 'js'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  });
  copyFileSync(join(context.app, `${entry}.html`), join(out, 'js/index.html'));
  const wasm = join(context.app, 'node_modules/dyadic/dist/wasm');
  const isNeeded = (name) => name.endsWith('.wasm') && (entry === 'bundled' || !name.startsWith('train-'));
  for (const name of readdirSync(wasm).filter(isNeeded)) cpSync(join(wasm, name), join(out, 'wasm', name));
  return 'js/';
}

async function vite(context, entry, out) {
  const { build } = await import(pathToFileURL(join(tool(context, 'vite', 'latest'), 'dist/node/index.js')).href);
  await build({
    root: context.app,
    base: './',
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    worker: { format: 'es' },
    build: { outDir: out, emptyOutDir: true, target: 'es2022', rollupOptions: { input: join(context.app, `${entry}.html`) } },
  });
  return `${entry}.html`;
}

function webpack(context, entry, out) {
  const folder = tool(context, 'webpack', 'latest');
  const compiler = createRequire(join(folder, 'package.json'))(folder)({ mode: 'production', context: context.app, entry: `./${entry}.js`, output: { path: out }, performance: { hints: false } });
  writeFileSync(join(context.app, 'webpack.html'), '<!doctype html>\n<script src="main.js"></script>\n');
  return new Promise((resolve, reject) => {
    compiler.run((error, stats) => {
      if (error !== null) return reject(error);
      if (stats.hasErrors()) return reject(new Error(stats.toString({ all: false, errors: true })));
      copyFileSync(join(context.app, 'webpack.html'), join(out, 'index.html'));
      return compiler.close(() => resolve(''));
    });
  });
}

/** Each gives the path of its page below `out`. */
export const BUNDLERS = { esbuild, vite, webpack };
