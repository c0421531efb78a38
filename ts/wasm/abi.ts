/** What the wasm module exports; `pkg/<flavour>.wasm.d.ts`, which wasm-bindgen writes, is the same list, and a test compares the two. */
import { DyadicError } from '../errors.js';

/** Addresses and sizes are u32 in an i32; a status is 0, or 1 with the reason in the error record. */
export interface Abi {
  readonly memory: WebAssembly.Memory;
  spec_version(): number;
  flavour(): number;
  relaxed_dot(a: number, b: number): number;
  known_answer(seed: number): number;
  reserve(bytes: number): number;
  error_address(): number;
  run_integer(table: number, first: number, last: number, worker: number, workers: number, scratch: number, scratchLength: number): number;
  run_float(table: number, first: number, last: number, scratch: number, scratchLength: number): number;
  count_non_finite(address: number, count: number): number;
  scratch_bytes(table: number, first: number, last: number): number;
  packed_conv2d_bytes(inC: number, outC: number, kernelH: number, kernelW: number): number;
  packed_conv2d_paired_bytes(inC: number, outC: number, kernelH: number, kernelW: number): number;
  packed_conv2d_relaxed_bytes(inC: number, outC: number, kernelH: number, kernelW: number): number;
  packed_winograd_f23_bytes(inC: number, outC: number): number;
  packed_depthwise_bytes(channels: number, kernelH: number, kernelW: number): number;
  packed_winograd_f43_bytes(inC: number, outC: number): number;
  packed_channels(outC: number): number;
}

export const ABI_FUNCTIONS = [
  'spec_version',
  'flavour',
  'relaxed_dot',
  'known_answer',
  'reserve',
  'error_address',
  'run_integer',
  'run_float',
  'count_non_finite',
  'scratch_bytes',
  'packed_conv2d_bytes',
  'packed_conv2d_paired_bytes',
  'packed_conv2d_relaxed_bytes',
  'packed_winograd_f23_bytes',
  'packed_depthwise_bytes',
  'packed_winograd_f43_bytes',
  'packed_channels',
] as const satisfies readonly (keyof Abi)[];

/** The version of SPEC.md that this JavaScript follows; the module must say the same. */
const SPEC_VERSION = 1;

/** Instantiates one of our modules with a memory of its own; throws ERR_WASM_LOAD if it cannot be or is not ours. */
export function instantiate(module: WebAssembly.Module, name: string): Abi {
  let exports: WebAssembly.Exports;
  try {
    exports = new WebAssembly.Instance(module, importsOf(module)).exports;
  } catch (cause) {
    throw new DyadicError('ERR_WASM_LOAD', { op: 'load wasm', expected: `${name} to instantiate`, received: String(cause), cause });
  }
  const missing = ABI_FUNCTIONS.filter((key) => typeof exports[key] !== 'function');
  if (missing.length > 0 || !('memory' in exports)) {
    throw new DyadicError('ERR_WASM_LOAD', { op: 'load wasm', expected: `${name} to be a module of dyadic`, received: `a module without ${missing.join(', ') || 'memory'}` });
  }
  const abi = exports as unknown as Abi;
  if (abi.spec_version() !== SPEC_VERSION) {
    throw new DyadicError('ERR_WASM_LOAD', { op: 'load wasm', expected: `${name} to follow SPEC version ${SPEC_VERSION}`, received: `version ${abi.spec_version()}` });
  }
  return abi;
}

/** The module imports one function of wasm-bindgen's glue, which fills a table for strings and objects; ours passes numbers only. */
function importsOf(module: WebAssembly.Module): WebAssembly.Imports {
  const imports: Record<string, Record<string, () => void>> = {};
  for (const entry of WebAssembly.Module.imports(module)) {
    if (entry.kind === 'function') (imports[entry.module] ??= {})[entry.name] = () => undefined;
  }
  return imports;
}
