/** How the module is found, and which flavour is trusted. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createEngine } from '../../ts/wasm/create-engine.js';
import type { EngineOptions } from '../../ts/wasm/engine.js';
import { knowsRelaxed } from '../../ts/wasm/lowering.js';
import { FLAVOURS, engineOf, moduleBytes } from './flavours.js';
import { errorOf } from './error-of.js';

const loading = suite('loading');
let server: Server;
let origin: string;

loading.before(async () => {
  server = createServer((request, response) => {
    if (request.url === '/good.wasm') return response.writeHead(200, { 'content-type': 'application/wasm' }).end(moduleBytes('scalar'));
    const status = request.url === '/page.wasm' ? 200 : 404;
    return response.writeHead(status, { 'content-type': 'text/html' }).end('<!DOCTYPE html><title>no</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

loading.after(() => {
  server.close();
});

const withSource = (wasm: EngineOptions['wasm'], rest: EngineOptions = {}): Promise<unknown> => createEngine(undefined, { ...rest, ...(wasm === undefined ? {} : { wasm }) });

loading('takes the fastest flavour by itself, and the one that is asked for', async () => {
  const relaxed = FLAVOURS.includes('relaxed') ? (await engineOf('relaxed')).lowering : 'none';
  assert.is((await engineOf('auto')).flavour, relaxed === 'vpdpbusd' || relaxed === 'sdot' ? 'relaxed' : 'simd128');
  for (const flavour of ['scalar', 'simd128'] as const) assert.is((await engineOf(flavour)).lowering, 'none');
  for (const flavour of FLAVOURS) assert.is((await engineOf(flavour)).flavour, flavour);
});

loading('accepts a module, also of another realm, bytes, a Response and a URL', async () => {
  const bytes = moduleBytes('scalar');
  const foreign = runInNewContext('new WebAssembly.Module(new Uint8Array(bytes))', { bytes: [...bytes], WebAssembly, Uint8Array }) as WebAssembly.Module;
  const otherRealm = runInNewContext('new WebAssembly.Module(new Uint8Array(bytes))', { bytes: [...bytes] }) as WebAssembly.Module;
  const sources = [new WebAssembly.Module(bytes), foreign, otherRealm, bytes, bytes.buffer, fetch(`${origin}/good.wasm`), new URL(`${origin}/good.wasm`), `${origin}/good.wasm`];
  for (const wasm of sources) assert.is(((await withSource(wasm)) as { flavour: string }).flavour, 'scalar');
});

loading('a wrong URL says which URL and what came', async () => {
  const page = await errorOf('ERR_WASM_LOAD', () => withSource(`${origin}/page.wasm`));
  assert.match(page.message, `${origin}/page.wasm`);
  assert.match(page.message, 'status 200');
  assert.match(page.message, 'text/html');
  assert.match(page.message, '"<!DO"');
  const missing = await errorOf('ERR_WASM_LOAD', () => withSource(new URL(`${origin}/missing.wasm`)));
  assert.match(missing.message, /missing\.wasm.*status 404/);
  const closed = await errorOf('ERR_WASM_LOAD', () => withSource('http://127.0.0.1:1/x.wasm'));
  assert.match(closed.message, 'http://127.0.0.1:1/x.wasm');
});

loading('what is no module of ours is refused', async () => {
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  assert.match((await errorOf('ERR_WASM_LOAD', () => withSource(empty))).message, 'run_integer');
  assert.match((await errorOf('ERR_WASM_LOAD', () => withSource(moduleBytes('scalar').subarray(0, 500)))).message, 'compile');
  assert.match((await errorOf('ERR_WASM_LOAD', () => withSource(new Uint8Array(0)))).message, 'no bytes');
  await errorOf('ERR_WASM_LOAD', () => withSource(42 as never));
  await errorOf('ERR_WASM_LOAD', () => withSource(null as never));
});

loading('a flavour that is asked for is not replaced by another', async () => {
  await errorOf('ERR_WASM_LOAD', () => withSource(moduleBytes('scalar'), { flavour: 'simd128' }));
  await errorOf('ERR_ARGUMENT', () => createEngine(moduleBytes, { flavour: 'avx' as never }));
});

/** The module with one lane operation replaced by another of the same type, as a wrong engine would compute it. */
function withWrongInstruction(): Uint8Array<ArrayBuffer> {
  const bytes = moduleBytes('simd128');
  const q15mulr = [0xfd, 0x82, 0x01];
  const at = bytes.findIndex((_, index) => q15mulr.every((byte, offset) => bytes[index + offset] === byte));
  assert.ok(at > 0, 'i16x8.q15mulr_sat_s is in the module');
  for (let index = at; index < bytes.length; index += 1) {
    if (q15mulr.every((byte, offset) => bytes[index + offset] === byte)) bytes[index + 1] = 0x8e; // i16x8.add
  }
  return bytes;
}

loading('an engine that computes wrongly is found out', async () => {
  const wrong = withWrongInstruction();
  const load = (flavour: string): Uint8Array<ArrayBuffer> => (flavour === 'scalar' ? moduleBytes('scalar') : wrong);
  assert.is((await createEngine(load)).flavour, 'scalar');
  const error = await errorOf('ERR_WASM_LOAD', () => createEngine(load, { flavour: 'simd128' }));
  assert.match(error.message, 'to compute');
});

loading('without SIMD the scalar flavour runs; without either every reason is listed', async () => {
  const broken = moduleBytes('simd128').subarray(0, 400);
  assert.is((await createEngine((flavour) => (flavour === 'scalar' ? moduleBytes('scalar') : broken))).flavour, 'scalar');
  const error = await errorOf('ERR_WASM_LOAD', () => createEngine(() => broken));
  assert.is(error.details.length, knowsRelaxed() ? 3 : 2);
});

loading('dyadic/core without a source says what is missing', async () => {
  await errorOf('ERR_WASM_LOAD', () => createEngine());
});

loading.run();
