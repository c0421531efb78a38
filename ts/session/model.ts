/// <reference lib="esnext.disposable" preserve="true" />
/** The public face of a network: load, run, dispose. */
import { DyadicError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { decodeDyad } from '../integer/dyad.js';
import type { IntegerGraph } from '../integer/integer-graph.js';
import { checkIntegerGraph } from '../integer/validate.js';
import { elementCount } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { createEngine } from '../wasm/create-engine.js';
import type { Engine, EngineOptions, Flavour } from '../wasm/engine.js';
import { MEMORY_MODES, type MemoryMode } from './convolution-algorithm.js';
import { createIntegerProgram } from './integer-program.js';
import { owned, toSamples, type InputInfo, type ModelInputs, type Samples } from './model-input.js';
import type { Program } from './program.js';
import { readBytes, type ByteSource } from './read-source.js';
import { yieldToHost } from './yield-to-host.js';

export interface OutputInfo {
  readonly name: string;
  /** ONNX axes, for a batch of 1. */
  readonly shape: readonly number[];
}

export interface RunAsyncOptions {
  /** Called after every step. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Stops the run before its next step. */
  readonly signal?: AbortSignal;
}

export interface LoadOptions extends EngineOptions {
  /**
   * What packed weights may cost. `balanced` (default): twice the bytes of int8 weights, spent where they save most time; few networks want more. `fast`: each
   * layer's fastest kernel, whatever its weights take, which is at most a byte per weight (two in depthwise layers) and padding. `compact`: 4-bit weights stay nibbles and are unpacked
   * layer by layer in every run. The results are the same bits. A float Graph takes no notice of it.
   */
  readonly memory?: MemoryMode;
}

/** What a model holds, in bytes of its wasm memory. */
export interface ModelMemory {
  readonly weightBytes: number;
  readonly activationBytes: number;
  /** All that is allocated and not freed: 0 once the model and every tensor it returned are disposed. */
  readonly liveBytes: number;
  readonly liveAllocations: number;
}

/** A .dyad file wherever it is, or a network that is already in memory. */
export type ModelSource = ByteSource | IntegerGraph | Graph;

/**
 * Makes a network ready to run here, in a wasm memory of its own.
 *
 * ```ts
 * import { load, Tensor } from 'dyadic';
 * using model = await load('model.dyad'); // a path or URL; also bytes, a Response, a Graph of importOnnx
 * using logits = model.run(Tensor.from(new Float32Array(3 * 32 * 32), [1, 3, 32, 32]));
 * console.log(logits.toArray());
 * ```
 *
 * @throws DyadicError ERR_FILE (the source cannot be read), ERR_DYAD_PARSE, ERR_DYAD_VERSION, ERR_DYAD_INVALID, ERR_ACCUMULATOR (what it holds),
 * ERR_WASM_LOAD (the kernels), ERR_MEMORY, ERR_ARGUMENT.
 */
export async function load(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  checkMemory(options.memory);
  const network = await readNetwork(source);
  const engine = await createEngine(undefined, options);
  if ('nodes' in network) {
    const inputs = network.inputs.map((name) => ({ name, shape: network.values.get(name)?.shape ?? [], preprocess: null }));
    // Float networks are what is quantized elsewhere: who runs .dyad files loads none of this.
    const { createFloatProgram } = await import('./float-program.js');
    return new Model(engine, createFloatProgram(engine, network), inputs);
  }
  const inputs = network.inputs.map(({ name, value, preprocess }) => ({ name, shape: network.values[value]?.shape ?? [], preprocess }));
  return new Model(engine, createIntegerProgram(engine, network, { memory: options.memory ?? 'balanced' }), inputs);
}

function checkMemory(memory: unknown): void {
  if (memory === undefined || (MEMORY_MODES as readonly unknown[]).includes(memory)) return;
  throw new DyadicError('ERR_ARGUMENT', { op: 'load', argument: 'memory', expected: MEMORY_MODES.map((mode) => `"${mode}"`).join(' or '), received: String(memory) });
}

async function readNetwork(source: ModelSource): Promise<IntegerGraph | Graph> {
  if (typeof source === 'object' && source !== null) {
    if ('operations' in source) return checkIntegerGraph(source);
    if ('nodes' in source) {
      const { validateGraph } = await import('../graph/validate.js');
      validateGraph(source);
      return source;
    }
  }
  return decodeDyad(await readBytes(source));
}

/** A loaded network. Made by `load`. */
export class Model {
  readonly inputs: readonly InputInfo[];
  readonly outputs: readonly OutputInfo[];
  /** The kernels that run it. */
  readonly flavour: Flavour;
  /** `integer` for .dyad, `float` for a Graph. */
  readonly kind: 'integer' | 'float';
  readonly #engine: Engine;
  readonly #program: Program;
  #disposed = false;
  /** An asynchronous run is between two steps. */
  #running = false;
  /** Asynchronous runs take turns: activations belong to one of them. */
  #turn: Promise<unknown> = Promise.resolve();

  /** For `load`. */
  constructor(engine: Engine, program: Program, inputs: readonly InputInfo[]) {
    this.#engine = engine;
    this.#program = program;
    this.inputs = inputs;
    this.outputs = program.outputs;
    this.flavour = engine.flavour;
    this.kind = program.kind;
  }

  get memory(): ModelMemory {
    const { weightBytes, activationBytes } = this.#program;
    const { liveBytes, liveAllocations } = this.#engine;
    return { weightBytes: this.#disposed ? 0 : weightBytes, activationBytes: this.#disposed ? 0 : activationBytes, liveBytes, liveAllocations };
  }

  /**
   * Runs the network and returns its first output, f32. A batch of N gives N results, equal to the N single runs bit for bit.
   * The tensor lives in the model's memory until it is disposed, also after the model is.
   *
   * ```ts
   * const canvas = document.querySelector('canvas')!.getContext('2d')!;
   * using scores = model.run(canvas.getImageData(0, 0, 224, 224)); // resized and normalised as the file says
   * ```
   *
   * @throws DyadicError ERR_ARGUMENT, ERR_DTYPE, ERR_SHAPE, ERR_NAN, ERR_IMAGE (the input; the model stays usable), ERR_BUSY (in the middle of
   * `runAsync`), ERR_DISPOSED, ERR_MEMORY.
   */
  run(input: ModelInputs): Tensor<'f32'> {
    return this.#first(this.runAll(input));
  }

  /** The same with every output, by name. */
  runAll(inputs: ModelInputs): Record<string, Tensor<'f32'>> {
    this.#assertUsable();
    if (this.#running) throw new DyadicError('ERR_BUSY', { op: 'run', argument: 'model', expected: 'a model at rest', received: 'one in the middle of runAsync()' });
    return this.#toTensors(toSamples(this.inputs, inputs).map((sample) => this.#program.run(sample)));
  }

  /**
   * Runs the network in steps and lets the host do other things in between. Several calls take turns.
   *
   * ```ts
   * const controller = new AbortController();
   * using logits = await model.runAsync(input, { signal: controller.signal, onProgress: ({ done, total }) => bar.set(done / total) });
   * ```
   *
   * @throws DyadicError as `run`; ERR_ABORTED, with the signal's reason as `cause`; ERR_DISPOSED if the model is disposed meanwhile.
   */
  async runAsync(input: ModelInputs, options: RunAsyncOptions = {}): Promise<Tensor<'f32'>> {
    return this.#first(await this.runAllAsync(input, options));
  }

  /** The same with every output, by name. */
  async runAllAsync(inputs: ModelInputs, options: RunAsyncOptions = {}): Promise<Record<string, Tensor<'f32'>>> {
    this.#assertUsable();
    const samples = owned(toSamples(this.inputs, inputs));
    const turn = this.#turn.then(() => this.#runStepwise(samples, options));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Frees weights and activations. Tensors that the model returned stay until they are disposed. Again: nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#program.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #runStepwise(samples: Samples, { onProgress, signal }: RunAsyncOptions): Promise<Record<string, Tensor<'f32'>>> {
    const { steps } = this.#program;
    const total = samples.length * steps.length;
    const results: Map<string, Float32Array>[] = [];
    this.#running = true;
    try {
      for (const [index, sample] of samples.entries()) {
        const run = this.#program.stepwise(sample);
        for (;;) {
          this.#assertUsable();
          throwIfAborted(signal);
          const step = run.next();
          if (step.done === true) {
            results.push(step.value);
            break;
          }
          onProgress?.({ done: index * steps.length + step.value, total });
          await yieldToHost();
        }
      }
      return this.#toTensors(results);
    } finally {
      this.#running = false;
    }
  }

  /** Results of a batch lie one after the other along axis 0. Frees what it made if memory runs out. */
  #toTensors(results: readonly ReadonlyMap<string, Float32Array>[]): Record<string, Tensor<'f32'>> {
    // Without a prototype: an output may be called __proto__.
    const tensors = Object.create(null) as Record<string, Tensor<'f32'>>;
    try {
      for (const { name, shape } of this.outputs) {
        const count = elementCount(shape);
        const data = new Float32Array(count * results.length);
        results.forEach((result, i) => data.set(result.get(name) as Float32Array, i * count));
        const [rows = 1, ...rest] = shape;
        tensors[name] = Tensor.inArena(this.#engine, data, results.length === 1 ? shape : [rows * results.length, ...rest]);
      }
      return tensors;
    } catch (error) {
      for (const tensor of Object.values(tensors)) tensor.dispose();
      throw error;
    }
  }

  /** The network's first output, whatever its name: a record lists names that look like numbers before all others. */
  #first(tensors: Record<string, Tensor<'f32'>>): Tensor<'f32'> {
    const wanted = tensors[(this.outputs[0] as OutputInfo).name] as Tensor<'f32'>;
    for (const tensor of Object.values(tensors)) if (tensor !== wanted) tensor.dispose();
    return wanted;
  }

  #assertUsable(): void {
    if (this.#disposed) throw new DyadicError('ERR_DISPOSED', { op: 'run', argument: 'model', expected: 'a model in use', received: 'a disposed one' });
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new DyadicError('ERR_ABORTED', { op: 'runAsync', argument: 'signal', expected: 'a run to its end', received: 'an abort', cause: signal.reason });
}
