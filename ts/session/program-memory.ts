/** Gives the buffers of an Assembler their places in the arena, fills in the constants, packs the weights and writes the step table. */
import type { Engine } from '../wasm/engine.js';
import { KERNELS, writeParams, type KernelName, type KernelParams } from '../wasm/params.js';
import type { Assembler, PackJob, StepBuffer, StepRange } from './assembler.js';
import { aligned, ALIGNMENT, planMemory } from './memory-plan.js';

const ROW_BYTES = 8;

export class ProgramMemory {
  /** Bytes of the blocks. */
  readonly weightBytes: number;
  readonly activationBytes: number;
  readonly #engine: Engine;
  readonly #allocations: number[] = [];
  readonly #activations: number;
  readonly #table: number;
  /** Addresses of the parameters of every step. */
  readonly #params: readonly number[];
  readonly #steps: Assembler['steps'];
  readonly #scratch: number;
  readonly #scratchBytes: number;

  /** Allocates everything a Program will ever need. Frees it again if any of it fails. */
  constructor(engine: Engine, assembler: Assembler) {
    this.#engine = engine;
    const weights = assembler.buffers.filter((buffer) => buffer.region === 'weights');
    const activations = assembler.buffers.filter((buffer) => buffer.region === 'activation' && buffer.first >= 0);
    const plan = planMemory(activations);
    this.weightBytes = weights.reduce((sum, buffer) => sum + aligned(buffer.bytes), 0);
    this.activationBytes = plan.bytes;
    const tableBytes = stepTableBytes(assembler);
    engine.reserve(this.weightBytes + this.activationBytes + tableBytes + 4 * ALIGNMENT);
    try {
      this.#activations = this.#allocate(this.activationBytes);
      activations.forEach((buffer, index) => {
        buffer.address = this.#activations + (plan.offsets[index] as number);
      });
      this.#placeWeights(weights);
      for (const { buffer, data } of assembler.constants) {
        engine.bytes(buffer.address, data.byteLength).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
      for (const job of assembler.packJobs) runPackJob(engine, job);
      this.#table = this.#allocate(tableBytes);
      this.#params = writeSteps(engine, this.#table, assembler);
      this.#steps = assembler.steps;
      this.#scratchBytes = engine.scratchBytes(this.#table, 0, assembler.steps.length);
      this.#scratch = this.#allocate(this.#scratchBytes);
    } catch (error) {
      this.free();
      throw error;
    }
  }

  run(ranges: readonly StepRange[]): void {
    for (const { first, last, float } of ranges) {
      if (float) this.#engine.runFloat(this.#table, first, last, this.#scratch, this.#scratchBytes);
      else this.#engine.runInteger(this.#table, first, last, this.#scratch, this.#scratchBytes);
    }
  }

  /** Changes one number of a step's parameters: it may not ask for more scratch or longer buffers than the one it was made with. */
  setField<K extends KernelName>(step: number, kernel: K, field: keyof KernelParams[K] & string, value: number): void {
    if (this.#steps[step]?.kernel !== kernel) throw new RangeError(`step ${step} is no ${kernel}`);
    const index = (KERNELS[kernel].fields as readonly string[]).indexOf(field);
    this.#engine.i32((this.#params[step] as number) + 4 * index, 1)[0] = value;
  }

  /** Overwrites every activation slot and the scratch. */
  poison(byte: number): void {
    this.#engine.bytes(this.#activations, this.activationBytes).fill(byte);
    this.#engine.bytes(this.#scratch, this.#scratchBytes).fill(byte);
  }

  free(): void {
    for (const address of this.#allocations.splice(0)) this.#engine.free(address);
  }

  #allocate(bytes: number): number {
    const address = this.#engine.allocate(Math.max(bytes, ALIGNMENT));
    this.#allocations.push(address);
    return address;
  }

  #placeWeights(weights: readonly StepBuffer[]): void {
    let address = this.#allocate(this.weightBytes);
    for (const buffer of weights) {
      buffer.address = address;
      address += aligned(buffer.bytes);
    }
  }
}

function paramBytes(kernel: KernelName): number {
  return aligned(KERNELS[kernel].fields.length * 4);
}

function stepTableBytes({ steps }: Assembler): number {
  return steps.reduce((sum, step) => sum + paramBytes(step.kernel), aligned(steps.length * ROW_BYTES));
}

/** Gives the addresses of the parameters. */
function writeSteps(engine: Engine, table: number, { steps }: Assembler): number[] {
  const rows = engine.i32(table, steps.length * 2);
  let params = table + aligned(steps.length * ROW_BYTES);
  return steps.map(({ kernel, fields }, index) => {
    const numbers = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, typeof value === 'number' ? value : value.buffer.address + value.offset]),
    );
    writeKernel(engine, params, kernel, numbers as unknown as KernelParams[typeof kernel]);
    rows[2 * index] = KERNELS[kernel].id;
    rows[2 * index + 1] = params;
    params += paramBytes(kernel);
    return params - paramBytes(kernel);
  });
}

function writeKernel<K extends KernelName>(engine: Engine, address: number, kernel: K, params: KernelParams[K]): void {
  writeParams(engine.i32(address, KERNELS[kernel].fields.length), kernel, params);
}

/** Stages plain weights, runs the pack kernel and frees the staging memory: a network is never twice in the arena. */
function runPackJob(engine: Engine, job: PackJob): void {
  const { weights, bias, multipliers } = job;
  const headBytes = ALIGNMENT + paramBytes(job.kernel);
  const biasBytes = aligned(bias?.byteLength ?? 0);
  const staging = engine.allocate(headBytes + aligned(weights.byteLength) + biasBytes + aligned(multipliers.byteLength));
  let scratch = 0;
  try {
    const weightsOffset = staging + headBytes;
    const biasOffset = weightsOffset + aligned(weights.byteLength);
    const multiplierOffset = biasOffset + biasBytes;
    engine.bytes(weightsOffset, weights.byteLength).set(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
    if (bias !== null) engine.i32(biasOffset, bias.length).set(bias);
    engine.i32(multiplierOffset, multipliers.length).set(multipliers);
    const { inZeroPoint, inC, outC, kernelH, kernelW } = job;
    engine.i32(staging, 2).set([KERNELS[job.kernel].id, staging + ALIGNMENT]);
    const params = {
      weightsOffset,
      biasOffset: bias === null ? 0 : biasOffset,
      multiplierOffset,
      multiplierCount: multipliers.length,
      inZeroPoint,
      inC,
      outC,
      kernelH,
      kernelW,
      packedWeightsOffset: job.packedWeights.address,
      packedBiasOffset: job.packedBias.address,
      packedMultiplierOffset: job.packedMultipliers.address,
    };
    if (job.kernel === 'pack_conv2d_relaxed') writeKernel(engine, staging + ALIGNMENT, job.kernel, { ...params, inContainer: job.inContainer, dot: job.dot });
    else writeKernel(engine, staging + ALIGNMENT, job.kernel, params);
    const scratchBytes = engine.scratchBytes(staging, 0, 1);
    if (scratchBytes > 0) scratch = engine.allocate(scratchBytes);
    engine.runInteger(staging, 0, 1, scratch, scratchBytes);
  } finally {
    if (scratch !== 0) engine.free(scratch);
    engine.free(staging);
  }
}
