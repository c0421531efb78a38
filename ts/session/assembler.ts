/**
 * Collects the steps of a Program with symbolic addresses. Buffers live from the first to the last step that names them; after the last step
 * `ProgramMemory` gives them places and writes the parameters down.
 */
import { Dot, KERNELS, type Container, type KernelName, type KernelParams } from '../wasm/params.js';

/** A piece of arena memory that has no address yet. */
export interface StepBuffer {
  readonly label: string;
  /** `fixed`: somebody else owns it, and its address is known before the Program is made. */
  readonly region: 'activation' | 'weights' | 'fixed';
  readonly bytes: number;
  /** First and last step that needs it; -1 before any did. */
  first: number;
  last: number;
  /** Set by ProgramMemory. */
  address: number;
}

/** A byte position inside a buffer. */
export interface Ref {
  readonly buffer: StepBuffer;
  readonly offset: number;
}

export type StepFields<K extends KernelName> = { readonly [F in keyof KernelParams[K]]: number | Ref };

export interface Step {
  readonly kernel: KernelName;
  readonly fields: Readonly<Record<string, number | Ref>>;
}

/** Steps [first, last) that one of runInteger and runFloat runs. */
export interface StepRange {
  readonly first: number;
  readonly last: number;
  readonly float: boolean;
}

export interface ConstantData {
  readonly buffer: StepBuffer;
  readonly data: Int8Array | Uint8Array | Int32Array | Float32Array;
}

/** One run of a pack kernel at creation; the plain weights are only staged. */
export type PackJob = Packing & PackOperands;

/** The kernel that packs, what it needs to know beside its operands, and the sizes. */
export type Packing = PackSizes &
  ({ readonly kernel: 'pack_conv2d' | 'pack_conv2d_paired' | 'pack_depthwise' | 'pack_winograd_f23' | 'pack_winograd_f43' } | { readonly kernel: 'pack_conv2d_relaxed'; readonly dot: Dot; readonly inContainer: Container });

interface PackSizes {
  readonly inC: number;
  readonly outC: number;
  readonly kernelH: number;
  readonly kernelW: number;
}

interface PackOperands {
  readonly weights: Int8Array;
  readonly bias: Int32Array | null;
  readonly multipliers: Int32Array;
  readonly inZeroPoint: number;
  readonly packedWeights: StepBuffer;
  readonly packedBias: StepBuffer;
  readonly packedMultipliers: StepBuffer;
}

/** Memory at `address` that outlives the Programs that use it. */
export function fixedBuffer(label: string, bytes: number, address: number): StepBuffer {
  return { label, region: 'fixed', bytes, first: -1, last: -1, address };
}

export function at(buffer: StepBuffer, offset = 0): Ref {
  return { buffer, offset };
}

export class Assembler {
  readonly buffers: StepBuffer[] = [];
  readonly steps: Step[] = [];
  readonly constants: ConstantData[] = [];
  readonly packJobs: PackJob[] = [];

  /** Number of the next step. */
  get position(): number {
    return this.steps.length;
  }

  /** Memory whose contents live only from its first to its last step. */
  activation(label: string, bytes: number): StepBuffer {
    return this.#buffer(label, 'activation', bytes);
  }

  /** Memory that keeps its contents. */
  weights(label: string, bytes: number): StepBuffer {
    return this.#buffer(label, 'weights', bytes);
  }

  /** Memory with contents given now, written once when the Program is made. */
  constant(label: string, data: ConstantData['data']): StepBuffer {
    const buffer = this.weights(label, data.byteLength);
    this.constants.push({ buffer, data });
    return buffer;
  }

  pack(job: PackJob): void {
    this.packJobs.push(job);
  }

  step<K extends KernelName>(kernel: K, fields: StepFields<K>): void {
    for (const value of Object.values(fields) as (number | Ref)[]) if (typeof value !== 'number') this.touch(value.buffer, this.position);
    this.steps.push({ kernel, fields: fields as Step['fields'] });
  }

  /** Keeps a buffer alive at a step though no step names it there: the host writes or reads it. */
  touch(buffer: StepBuffer, step: number): void {
    buffer.first = buffer.first < 0 ? step : Math.min(buffer.first, step);
    buffer.last = Math.max(buffer.last, step);
  }

  /** Keeps a buffer alive until the host has read it after the steps so far. */
  keepForHost(buffer: StepBuffer): void {
    this.touch(buffer, Math.max(0, this.position - 1));
  }

  /** The kernels of the steps between two positions, in order. */
  kernels(first: number, last: number): KernelName[] {
    return this.steps.slice(first, last).map(({ kernel }) => kernel);
  }

  /** The dot product of bytes that one of the steps between two positions names. */
  dot(first: number, last: number): keyof typeof Dot | null {
    const chosen = this.steps.slice(first, last).find(({ fields }) => 'dot' in fields)?.fields['dot'];
    const names = Object.keys(Dot) as (keyof typeof Dot)[];
    return names.find((name) => Dot[name] === chosen) ?? null;
  }

  /** Bytes of the weights that the steps between two positions read. */
  weightBytes(first: number, last: number): number {
    const read = new Set<StepBuffer>();
    for (const { fields } of this.steps.slice(first, last)) {
      for (const value of Object.values(fields)) if (typeof value !== 'number' && value.buffer.region === 'weights') read.add(value.buffer);
    }
    return [...read].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The ranges between two positions, cut where integer and float kernels meet. */
  ranges(first: number, last: number): StepRange[] {
    const ranges: StepRange[] = [];
    for (let step = first; step < last; step++) {
      const { float } = KERNELS[(this.steps[step] as Step).kernel];
      const open = ranges.at(-1);
      if (open?.float === float) ranges[ranges.length - 1] = { ...open, last: step + 1 };
      else ranges.push({ first: step, last: step + 1, float });
    }
    return ranges;
  }

  #buffer(label: string, region: StepBuffer['region'], bytes: number): StepBuffer {
    const buffer: StepBuffer = { label, region, bytes, first: -1, last: -1, address: 0 };
    this.buffers.push(buffer);
    return buffer;
  }
}

const bits = new DataView(new ArrayBuffer(4));

/** The bits of an f32 as the i32 that parameter structs hold. */
export function floatBits(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}
