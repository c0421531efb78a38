/** The Engine over one instance of the module. */
import { DyadicError } from '../errors.js';
import type { Abi } from './abi.js';
import { Allocator } from './allocator.js';
import type { Engine, Flavour, Lowering } from './engine.js';
import type { Trusted } from './flavour.js';
import { askLowering } from './lowering.js';
import { KERNELS, Reason, type KernelName } from './params.js';

const MAXIMUM_MEMORY = 2 ** 32;

export class WasmEngine implements Engine {
  readonly flavour: Flavour;
  readonly #lowering: Lowering;
  readonly #abi: Abi;
  readonly #allocator: Allocator;
  /** What stopped this engine: after a trap nothing in its memory can be trusted. */
  #trap: unknown;

  constructor({ flavour, lowering, abi }: Trusted) {
    this.flavour = flavour;
    this.#lowering = lowering;
    this.#abi = abi;
    this.#allocator = new Allocator((bytes) => this.#grow(bytes));
  }

  get lowering(): Lowering {
    const now = askLowering(this.#abi);
    if (now === this.#lowering) return now;
    throw new DyadicError('ERR_WASM_LOAD', { op: 'engine', expected: `${this.#lowering} for the relaxed dot product, as when this engine was made`, received: now });
  }

  get memory(): WebAssembly.Memory {
    return this.#abi.memory;
  }

  get liveBytes(): number {
    return this.#allocator.liveBytes;
  }

  get liveAllocations(): number {
    return this.#allocator.liveAllocations;
  }

  reserve(bytes: number): void {
    this.#allocator.reserve(bytes);
  }

  allocate(bytes: number): number {
    return this.#allocator.allocate(bytes);
  }

  free(address: number): void {
    this.#allocator.free(address);
  }

  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#view(address, length, 1), address, length);
  }

  i32(address: number, length: number): Int32Array {
    return new Int32Array(this.#view(address, length, 4), address, length);
  }

  f32(address: number, length: number): Float32Array {
    return new Float32Array(this.#view(address, length, 4), address, length);
  }

  runInteger(table: number, first: number, last: number, scratch: number, scratchLength: number): void {
    const status = this.#call((abi) => abi.run_integer(table, first, last, 0, 1, scratch, scratchLength));
    if (status !== 0) throw this.#refusal('runInteger');
  }

  runFloat(table: number, first: number, last: number, scratch: number, scratchLength: number): void {
    const status = this.#call((abi) => abi.run_float(table, first, last, scratch, scratchLength));
    if (status !== 0) throw this.#refusal('runFloat');
  }

  countNonFinite(address: number, count: number): number {
    const found = this.#call((abi) => abi.count_non_finite(address, count));
    if (found >= 0) return found;
    throw new DyadicError('ERR_ARGUMENT', { op: 'countNonFinite', argument: 'address', expected: `${count} floats of the arena`, received: String(address) });
  }

  scratchBytes(table: number, first: number, last: number): number {
    const bytes = this.#call((abi) => abi.scratch_bytes(table, first, last));
    if (bytes === -1) throw this.#refusal('scratchBytes');
    return bytes >>> 0;
  }

  packedConv2dBytes(inC: number, outC: number, kernelH: number, kernelW: number): number {
    return this.#size('packedConv2dBytes', (abi) => abi.packed_conv2d_bytes(inC, outC, kernelH, kernelW));
  }

  packedConv2dPairedBytes(inC: number, outC: number, kernelH: number, kernelW: number): number {
    return this.#size('packedConv2dPairedBytes', (abi) => abi.packed_conv2d_paired_bytes(inC, outC, kernelH, kernelW));
  }

  packedConv2dRelaxedBytes(inC: number, outC: number, kernelH: number, kernelW: number): number {
    return this.#size('packedConv2dRelaxedBytes', (abi) => abi.packed_conv2d_relaxed_bytes(inC, outC, kernelH, kernelW));
  }

  packedWinogradF23Bytes(inC: number, outC: number): number {
    return this.#size('packedWinogradF23Bytes', (abi) => abi.packed_winograd_f23_bytes(inC, outC));
  }

  packedDepthwiseBytes(channels: number, kernelH: number, kernelW: number): number {
    return this.#size('packedDepthwiseBytes', (abi) => abi.packed_depthwise_bytes(channels, kernelH, kernelW));
  }

  packedWinogradF43Bytes(inC: number, outC: number): number {
    return this.#size('packedWinogradF43Bytes', (abi) => abi.packed_winograd_f43_bytes(inC, outC));
  }

  packedChannels(outC: number): number {
    return this.#size('packedChannels', (abi) => abi.packed_channels(outC));
  }

  #size(op: string, ask: (abi: Abi) => number): number {
    const size = this.#call(ask);
    if (size >= 0) return size;
    throw new DyadicError('ERR_ARGUMENT', { op, expected: 'sizes ≥ 1 whose packed weights fit the memory', received: 'others' });
  }

  #grow(bytes: number): { begin: number; end: number } | undefined {
    if (bytes >= MAXIMUM_MEMORY) return undefined;
    const begin = this.#call((abi) => abi.reserve(bytes)) >>> 0;
    return begin === 0 ? undefined : { begin, end: this.memory.buffer.byteLength };
  }

  #view(address: number, length: number, elementBytes: number): ArrayBuffer {
    const { buffer } = this.memory;
    const isInside = Number.isInteger(address) && Number.isInteger(length) && address >= 0 && length >= 0 && address + length * elementBytes <= buffer.byteLength;
    if (isInside && address % elementBytes === 0) return buffer;
    throw new DyadicError('ERR_ARGUMENT', {
      op: 'view of the arena',
      argument: 'address',
      expected: `${length} elements of ${elementBytes} bytes, aligned, in a memory of ${buffer.byteLength} bytes`,
      received: String(address),
    });
  }

  /** Calls into the module; a trap is a defect of ours, and ends this engine. */
  #call(call: (abi: Abi) => number): number {
    if (this.#trap !== undefined) throw this.#stopped();
    try {
      return call(this.#abi);
    } catch (trap) {
      this.#trap = trap;
      throw this.#stopped();
    }
  }

  #stopped(): DyadicError {
    return new DyadicError('ERR_KERNEL', { op: 'engine', expected: 'to run; make a new engine, this one has stopped', received: String(this.#trap), cause: this.#trap });
  }

  /** The error record in words. */
  #refusal(op: string): DyadicError {
    const record = new Int32Array(this.memory.buffer, this.#abi.error_address() >>> 0, 4);
    const [step = 0, id = 0, field = 0, reason = 0] = record;
    const kernel = kernelById(id);
    const argument = kernel === undefined ? undefined : KERNELS[kernel].fields[field];
    return new DyadicError('ERR_KERNEL', {
      op: `${op}, step ${step}, ${kernel ?? `kernel ${id}`}`,
      ...(argument === undefined || reason === Reason.scratch || reason === Reason.unknownKernel ? {} : { argument }),
      expected: EXPECTED[reason] ?? 'parameters that it accepts',
      received: REASON_NAMES[reason] ?? `reason ${reason}`,
    });
  }
}

const EXPECTED: Readonly<Record<number, string>> = {
  [Reason.outOfRange]: 'a number that the kernel accepts',
  [Reason.outOfBounds]: 'bytes inside the arena',
  [Reason.overlap]: 'a written buffer that overlaps no other',
  [Reason.scratch]: 'the scratch of scratchBytes(), inside the arena',
  [Reason.unknownKernel]: 'a kernel that exists and may run here',
};

const REASON_NAMES: Readonly<Record<number, string>> = Object.fromEntries(Object.entries(Reason).map(([name, reason]) => [reason, name]));

function kernelById(id: number): KernelName | undefined {
  return (Object.keys(KERNELS) as KernelName[]).find((name) => KERNELS[name].id === id);
}
