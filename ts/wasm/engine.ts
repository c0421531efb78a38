/** One instance of the kernels: a wasm module, its memory and its arena. Two engines share nothing. */
export type Flavour = 'scalar' | 'simd128' | 'relaxed';

/**
 * What an engine makes of the relaxed dot product. `vpdpbusd` (x86 with VNNI) and `sdot` (arm64) do it in one instruction and take larger
 * operands than WebAssembly promises; `pmaddubsw` (other x86) takes several and is slower than products of i16; `other` is none that we know, `none`
 * a flavour without it.
 */
export type Lowering = 'vpdpbusd' | 'sdot' | 'pmaddubsw' | 'other' | 'none';

/** A compiled `WebAssembly.Module`, and what a `WebAssembly.Memory` has: those names are in TypeScript's lib.dom, which servers need not have. */
export type WasmModule = object;
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** Where the bytes of the wasm module come from, when not from the package itself. */
export type WasmSource = WasmModule | ArrayBuffer | ArrayBufferView | Response | URL | string;

export interface EngineOptions {
  /** `auto` (default) takes the fastest flavour that gives the known answers here; `relaxed` only where its dot product is one instruction. */
  readonly flavour?: Flavour | 'auto';
  /** Overrides where the module comes from: for bundlers, content delivery, tests. */
  readonly wasm?: WasmSource | Promise<WasmSource>;
}

export interface Engine {
  readonly flavour: Flavour;
  /**
   * Asked anew on every access, since an engine compiles the same function more than once. Throws ERR_WASM_LOAD if the answer has changed: Programs
   * that trusted the first one would compute wrongly.
   */
  readonly lowering: Lowering;
  readonly memory: WasmMemory;
  /** Bytes of the arena that are allocated and not freed, and how many allocations: 0 and 0 after everything is disposed. */
  readonly liveBytes: number;
  readonly liveAllocations: number;
  /** Grows the memory so that `bytes` more can be allocated without growing; throws ERR_MEMORY. The only place memory grows, with allocate(). */
  reserve(bytes: number): void;
  /** 64-byte aligned address; throws ERR_MEMORY. Contents undefined. */
  allocate(bytes: number): number;
  free(address: number): void;
  /** Fresh views: never keep one across allocate() or reserve(). */
  bytes(address: number, length: number): Uint8Array;
  i32(address: number, length: number): Int32Array;
  f32(address: number, length: number): Float32Array;
  /**
   * Steps [first, last) of a step table: rows of two i32, kernel id and address of its params. Throws ERR_KERNEL with kernel, field and reason.
   * Scratch is taken from `scratch`, of at least scratchBytes() of those steps.
   */
  runInteger(table: number, first: number, last: number, scratch: number, scratchLength: number): void;
  runFloat(table: number, first: number, last: number, scratch: number, scratchLength: number): void;
  /** How many of `count` floats at `address` are NaN or infinite. */
  countNonFinite(address: number, count: number): number;
  scratchBytes(table: number, first: number, last: number): number;
  /** Bytes of packed weights for pack_conv2d, pack_conv2d_paired, pack_conv2d_relaxed and pack_depthwise; bias and multipliers take 4 · packedChannels(outC) each. */
  packedConv2dBytes(inC: number, outC: number, kernelH: number, kernelW: number): number;
  packedConv2dPairedBytes(inC: number, outC: number, kernelH: number, kernelW: number): number;
  packedConv2dRelaxedBytes(inC: number, outC: number, kernelH: number, kernelW: number): number;
  packedWinogradF23Bytes(inC: number, outC: number): number;
  packedDepthwiseBytes(channels: number, kernelH: number, kernelW: number): number;
  /** The same for pack_winograd_f43. */
  packedWinogradF43Bytes(inC: number, outC: number): number;
  packedChannels(outC: number): number;
}
