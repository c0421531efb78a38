/** Cloudflare's runtime, as npm ships it. The Worker is bundled with esbuild, as wrangler does, by the package's `workerd` condition. */
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execute, tool } from './context.mjs';

/** @returns version, flavour and hashes */
export async function runWorkerd(context) {
  const binary = join(tool(context, 'workerd', 'latest'), 'bin/workerd');
  await bundle(context);
  const out = join(context.app, 'worker');
  writeFileSync(join(out, 'config.capnp'), config(readdirSync(out), readdirSync(join(context.app, 'data'))));
  const port = await freePort();
  const server = spawn(binary, ['serve', `--socket-addr=http=127.0.0.1:${port}`, 'config.capnp'], { cwd: out, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => (log += text));
  try {
    const result = await firstAnswer(`http://127.0.0.1:${port}/`, server, () => log);
    if (result.error !== undefined) throw new Error(`workerd: ${result.error}`);
    return { version: execute(binary, ['--version']).trim().replace(/^workerd /, ''), ...result };
  } finally {
    server.kill();
  }
}

async function bundle(context) {
  const { build } = await import(pathToFileURL(join(tool(context, 'esbuild', 'latest'), 'lib/main.js')).href);
  await build({
    absWorkingDir: context.app,
    entryPoints: ['worker.js'],
    outdir: 'worker',
    bundle: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['*.dyad', '*.onnx', '*.f32', '*.idx'],
    loader: { '.wasm': 'copy' },
    logLevel: 'error',
  });
}

function config(files, data) {
  const modules = [
    '(name = "worker.js", esModule = embed "worker.js")',
    ...files.filter((name) => name.endsWith('.wasm')).map((name) => `(name = "${name}", wasm = embed "${name}")`),
    ...data.map((name) => `(name = "data/${name}", data = embed "../data/${name}")`),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .worker) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ],
);
const worker :Workerd.Worker = (
  compatibilityDate = "2025-09-01",
  modules = [ ${modules.join(',\n    ')} ],
);
`;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Asks until the server is up; a server that ended will not come up any more. */
async function firstAnswer(url, server, log) {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (server.exitCode !== null) break;
    try {
      return await (await fetch(url)).json();
    } catch (error) {
      if (error.cause?.code !== 'ECONNREFUSED') throw new Error(`workerd: ${error.message}\n${log()}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`workerd did not start: ${log().slice(-2000)}`);
}
