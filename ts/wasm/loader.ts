/** Where the wasm modules of the package lie on this host: an entry (ts/entry) says so when it is imported. */
import { DyadicError } from '../errors.js';
import type { Flavour, WasmSource } from './engine.js';

/** Gives the module of a flavour, or where it is. Called when an engine is made, never at import. */
export type FlavourLoader = (flavour: Flavour) => WasmSource | Promise<WasmSource>;

/** Reads a file: for hosts whose fetch() does not. */
export type FileReader = (path: URL | string) => Promise<Uint8Array<ArrayBuffer>>;

const host: { load?: FlavourLoader; loadTraining?: FlavourLoader; readFile?: FileReader } = {};

/** Called once by the entry of a host. */
export function setDefaultLoader(load: FlavourLoader, readFile?: FileReader): void {
  host.load = load;
  if (readFile !== undefined) host.readFile = readFile;
}

/** Called once by the entry of dyadic/train: modules of their own, so that who only runs networks never gets the kernels of training. */
export function setTrainingLoader(load: FlavourLoader, readFile?: FileReader): void {
  host.loadTraining = load;
  if (readFile !== undefined) host.readFile = readFile;
}

/** The loader that the host's entry set; throws ERR_WASM_LOAD when `dyadic/core` was imported, which has none. */
export function defaultLoader(): FlavourLoader {
  if (host.load !== undefined) return host.load;
  throw new DyadicError('ERR_WASM_LOAD', { op: 'load wasm', argument: 'wasm', expected: 'a module, its bytes or its URL, since dyadic/core knows no files', received: 'nothing' });
}

/** The loader of the modules with the kernels of training; throws ERR_WASM_LOAD when no entry of dyadic/train was imported. */
export function trainingLoader(): FlavourLoader {
  if (host.loadTraining !== undefined) return host.loadTraining;
  throw new DyadicError('ERR_WASM_LOAD', { op: 'load wasm', argument: 'wasm', expected: 'an import of dyadic/train, which knows where the modules of training are', received: 'none' });
}

export function fileReader(): FileReader | undefined {
  return host.readFile;
}
