/** From whatever a caller has to a compiled module, with an error that says what came instead. */
import { DyadicError } from '../errors.js';
import type { WasmSource } from './engine.js';
import { fileReader } from './loader.js';

/** The bytes of a module that still has to be compiled, and what to call it in an error. */
export interface WasmBytes {
  readonly bytes: BufferSource;
  readonly name: string;
}

type Loaded = { readonly module: WebAssembly.Module; readonly name: string } | WasmBytes;

/** Fetches or reads a source, without compiling it. Throws ERR_WASM_LOAD if it is no wasm module. */
export async function readSource(source: WasmSource): Promise<Loaded> {
  if (isBytes(source)) return checkMagic(source, 'the given bytes', '');
  if (isResponse(source)) return readResponse(source, source.url || 'the given Response');
  if (typeof source === 'string' || isUrl(source)) return readUrl(source);
  if (isModule(source)) return { module: source, name: 'the given module' };
  throw refusal('a WebAssembly.Module, its bytes, a Response or a URL', describe(source));
}

/** Compiles bytes; throws ERR_WASM_LOAD if the engine lacks an instruction or forbids compiling. */
export async function compile(loaded: Loaded): Promise<WebAssembly.Module> {
  if ('module' in loaded) return loaded.module;
  try {
    return await WebAssembly.compile(loaded.bytes);
  } catch (cause) {
    throw refusal(`${loaded.name} to compile here`, String(cause), cause);
  }
}

/** By its name and not by instanceof: some bundlers give a module of another realm. */
function isModule(source: WebAssembly.Module): boolean {
  return tag(source) === 'WebAssembly.Module';
}

function isBytes(source: unknown): source is BufferSource {
  return ArrayBuffer.isView(source) || tag(source) === 'ArrayBuffer' || tag(source) === 'SharedArrayBuffer';
}

function isResponse(source: unknown): source is Response {
  return tag(source) === 'Response';
}

function isUrl(source: unknown): source is URL {
  return tag(source) === 'URL';
}

function tag(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

async function readUrl(url: URL | string): Promise<Loaded> {
  const readFile = fileReader();
  if (readFile !== undefined && isFile(url)) {
    const bytes = await readFile(/^file:/i.test(String(url)) ? new URL(url) : url).catch((cause: unknown) => {
      throw refusal(`${url} to be a readable file`, String(cause), cause);
    });
    return checkMagic(bytes, String(url), '');
  }
  const response = await fetch(url).catch((cause: unknown) => {
    throw refusal(`${url} to be fetched`, String(cause), cause);
  });
  return readResponse(response, String(url));
}

/** On a host with files, whatever has no scheme of the network is one. */
function isFile(url: URL | string): boolean {
  return !/^(https?|data|blob):/i.test(String(url));
}

async function readResponse(response: Response, url: string): Promise<Loaded> {
  const status = `status ${response.status}, content type ${response.headers.get('content-type') ?? 'unknown'}`;
  if (!response.ok) throw refusal(`${url} to be a wasm module`, status);
  const bytes = await response.arrayBuffer().catch((cause: unknown) => {
    throw refusal(`${url} to be read`, `${status}, ${String(cause)}`, cause);
  });
  return checkMagic(bytes, url, `${status}, `);
}

/** A wrong path usually gives a page that says so, and the engine would only complain about a magic word. */
function checkMagic(bytes: BufferSource, name: string, status: string): WasmBytes {
  const view = ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
  const isWasm = [0x00, 0x61, 0x73, 0x6d].every((byte, index) => view[index] === byte);
  if (!isWasm) throw refusal(`${name} to be a wasm module`, `${status}${firstBytes(view)}`);
  return { bytes, name };
}

function firstBytes(view: Uint8Array): string {
  if (view.length === 0) return 'no bytes';
  const text = String.fromCharCode(...view.subarray(0, 4)).replace(/[^\x20-\x7e]/g, '.');
  return `${view.length} bytes that begin with "${text}"`;
}

function describe(source: unknown): string {
  return source === null ? 'null' : tag(source);
}

function refusal(expected: string, received: string, cause?: unknown): DyadicError {
  return new DyadicError('ERR_WASM_LOAD', { op: 'load wasm', argument: 'wasm', expected, received, cause });
}
