/** Nothing that a step table can hold reaches a trap: seeded random parameters, most of them nearly right. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError } from '../../ts/errors.js';
import type { Engine, Flavour } from '../../ts/wasm/engine.js';
import { Form, KERNELS, type KernelName } from '../../ts/wasm/params.js';
import { createTrainEngine } from '../../ts/train/trainer/create-train-engine.js';
import { FLAVOURS, engineOf, trainingModuleBytes } from './flavours.js';
import { runWords } from './run-kernel.js';

const fuzz = suite('fuzz');
const ROUNDS = 2000;
const ARENA = 1 << 18;
const EXTREMES = [-1, 0, 1, 2, 127, 128, 255, 256, 65_535, 65_536, 1 << 24, (1 << 24) + 1, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1];

class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 ≤ result < limit. */
  next(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.next(items.length)] as T;
  }
}

/** A plausible number for a field of this name; the buffers lie apart in `arena`, now and then just past its end. */
function plausible(random: Random, field: string, index: number, arena: number): number {
  if (/offset$/i.test(field)) return random.next(16) === 0 ? arena + ARENA - random.next(64) : arena + index * (ARENA / 16) + 4 * random.next(16);
  if (/container|form/i.test(field)) return random.next(3);
  if (field === 'bits') return 2 + random.next(7);
  if (/^is[A-Z]/.test(field)) return random.next(2);
  if (/zeroPoint/i.test(field)) return random.next(3);
  if (field === 'dot') return random.next(4);
  if (/elementBytes/i.test(field)) return random.pick([1, 2, 4]);
  if (/multiplierCount/i.test(field)) return random.next(2);
  if (/^lo$|Lo$/.test(field)) return 0;
  if (/^hi$|Hi$/.test(field)) return 127;
  if (/multiplier$/i.test(field)) return 1 + random.next(32_767);
  if (/^stride|^kernel|^dilation|^groups|^inputDilation/i.test(field)) return 1 + random.next(3);
  if (/^source/i.test(field)) return 0;
  if (field === 'batch') return 1 + random.next(2);
  if (/pad|left|mode|include/i.test(field)) return random.next(2);
  return 1 + random.next(20);
}

type Draft = Record<string, number>;

/** Makes shapes and requantizations agree where a kernel has them, so that most drafts are accepted. */
function agree(random: Random, kernel: KernelName, draft: Draft): void {
  if (kernel === 'depthwise_conv2d_relaxed') Object.assign(draft, { kernelH: 3, kernelW: 3, dilationH: 1, dilationW: 1, strideW: 1 + random.next(2) });
  for (const axis of ['H', 'W']) {
    const [size, kernelSize, stride] = [draft[`in${axis}`], draft[`kernel${axis}`], draft[`stride${axis}`]];
    if (size === undefined || kernelSize === undefined || stride === undefined) continue;
    const pad = draft[axis === 'H' ? 'padTop' : 'padLeft'] ?? 0;
    const apart = draft[`inputDilation${axis}`] ?? 1;
    const span = (kernelSize - 1) * (draft[`dilation${axis}`] ?? 1) + 1;
    draft[`out${axis}`] = Math.max(1, Math.floor(((size - 1) * apart + 1 + 2 * pad - span) / stride) + 1);
  }
  if (/winograd_f[24]3$|winograd_weight/.test(kernel)) agreeOnWinograd(draft);
  if (draft['groups'] !== undefined && draft['inC'] !== undefined && draft['outC'] !== undefined) agreeOnGroups(random, kernel, draft);
  if (/winograd_f23$|^winograd_weight_gradient$/.test(kernel)) draft['inC'] = 16;
  if (kernel === 'winograd_f43') draft['partC'] = random.next(2) === 0 ? (draft['inC'] as number) : 8;
  const channels = { inStride: draft['inC'] ?? draft['channels'], outStride: draft['outC'] ?? draft['outChannels'] ?? draft['channels'], channelStride: draft['channels'] };
  for (const [stride, count] of Object.entries(channels)) if (stride in draft && count !== undefined) draft[stride] = count + random.next(2) * 13;
  if (kernel === 'depthwise_conv2d_relaxed') draft['inStride'] = 8 * (1 + random.next(3));
  // Sixteen channels are stored at a time, of u4 codes in bytes (container 0).
  if (kernel === 'conv2d_paired') Object.assign(draft, { inContainer: 0, inZeroPoint: random.next(16), outStride: 16 * (1 + random.next(2)) });
  if (kernel === 'pack_depthwise') draft['inC'] = draft['outC'] as number;
  if (kernel === 'lookup_pixels') Object.assign(draft, { inChannels: 1 + random.next(4), outChannels: 1 + random.next(4), outStride: 4 });
  for (const prefix of ['', 'a', 'b', 'code']) agreeOnForm(random, draft, prefix);
  if (kernel === 'strided_copy') agreeOnStrides(draft);
  if (isOfTraining(kernel)) agreeOnTraining(random, kernel, draft);
}

/** Whether the modules of a flavour have the kernel. */
function isIn(flavour: Flavour, kernel: KernelName): boolean {
  if (kernel.endsWith('_relaxed')) return flavour === 'relaxed';
  if (kernel.endsWith('_paired')) return flavour === 'simd128';
  return flavour !== 'scalar' || !/winograd_f23$|^winograd_weight_gradient$/.test(kernel);
}

/** Those that only the modules of training have. */
function isOfTraining(kernel: KernelName): boolean {
  return KERNELS[kernel].id >= KERNELS.pack_conv_f32.id || kernel.includes('weight_gradient');
}

/** Sums or f32 where a kernel takes both; buffers that may be left out now and then are. */
function agreeOnTraining(random: Random, kernel: KernelName, draft: Draft): void {
  if (/^batch_norm|^quantize_activations_backward/.test(kernel)) draft['inContainer'] = 2 + random.next(3);
  if (kernel === 'dequantize_sums') draft['inContainer'] = 2 + random.next(2);
  if (/^(conv|winograd)_weight_gradient/.test(kernel)) Object.assign(draft, { batch: 1 + random.next(3), slabs: 1, inContainer: random.next(2) });
  if (kernel === 'winograd_weight_gradient') Object.assign(draft, { inContainer: 0, groups: 1, inC: 16, outC: 16, inStride: 16, outStride: 16 });
  if (kernel === 'quantize_gradient') {
    draft['outStride'] = Math.ceil((draft['channels'] as number) / 4) * 4;
    if (random.next(2) === 0) draft['channelClipsOffset'] = draft['channelStepsOffset'] = 0;
  }
  if (kernel === 'gradient_error') draft['codesStride'] = (draft['channels'] as number) + random.next(2) * 13;
  for (const field of Object.keys(draft)) if (/^(scale|velocity|residual|residualGradient|maximum|running|bias|add|indices|gradient)Offset$/.test(field) && random.next(4) === 0) draft[field] = 0;
  if ('inStride' in draft && draft['inC'] === undefined) draft['inStride'] = (draft['channels'] as number) + random.next(2) * 13;
}

/** 3 × 3, stride and dilation 1; packing has no more than the kernel. */
function agreeOnWinograd(draft: Draft): void {
  Object.assign(draft, { kernelH: 3, kernelW: 3 });
  if (!('strideH' in draft)) return;
  Object.assign(draft, { strideH: 1, strideW: 1, dilationH: 1, dilationW: 1, outH: draft['inH'] as number, outW: draft['inW'] as number });
}

function agreeOnGroups(random: Random, kernel: KernelName, draft: Draft): void {
  const groups = ['conv2d', 'conv2d_relaxed', 'conv2d_paired', 'winograd_f23', 'winograd_f43'].includes(kernel) ? 1 : 1 + random.next(4);
  const each = kernel.startsWith('depthwise_conv2d') ? 1 : 1 + random.next(5);
  const outEach = kernel.startsWith('depthwise_conv2d') ? 1 : 1 + random.next(5);
  Object.assign(draft, { groups, inC: groups * each, outC: groups * outEach });
}

function agreeOnForm(random: Random, draft: Draft, prefix: string): void {
  const name = (word: string): string => (prefix === '' ? word : prefix + word.charAt(0).toUpperCase() + word.slice(1));
  if (!(name('form') in draft)) return;
  draft[name('left')] = random.next(3);
  draft[name('shift')] = draft[name('form')] === Form.exact ? 33 + random.next(30) : random.next(38) - 15;
}

/** Row-major on both sides. */
function agreeOnStrides(draft: Draft): void {
  const bytes = draft['elementBytes'] as number;
  let count = 1;
  for (let axis = 5; axis >= 0; axis -= 1) {
    draft[`dim${axis}`] = 1 + ((draft[`dim${axis}`] as number) % 4);
    draft[`inStride${axis}`] = draft[`outStride${axis}`] = count;
    count *= draft[`dim${axis}`] as number;
  }
  for (const side of ['input', 'output']) {
    draft[`${side}BeginOffset`] = draft[`${side}Offset`] as number;
    draft[`${side}EndOffset`] = (draft[`${side}Offset`] as number) + count * bytes;
  }
}

function words(random: Random, kernel: KernelName, arena: number): Int32Array {
  const fields = KERNELS[kernel].fields as readonly string[];
  const draft: Draft = Object.fromEntries(fields.map((field, index) => [field, plausible(random, field, index, arena)]));
  agree(random, kernel, draft);
  for (let damage = random.next(4); damage > 1; damage -= 1) {
    const field = random.pick(fields);
    draft[field] = random.pick([(draft[field] as number) + 1, (draft[field] as number) - 1, random.pick(EXTREMES), random.next(2 ** 32) | 0]);
  }
  return Int32Array.from(fields, (field) => draft[field] as number);
}

/** Whether the step ran; a refusal is fine, everything else is not. */
function runs(engine: Engine, kernel: KernelName, params: Int32Array): boolean {
  try {
    // Integer kernels of training are no part of run_integer.
    runWords(engine, KERNELS[kernel].id, params, KERNELS[kernel].float || isOfTraining(kernel));
    return true;
  } catch (error) {
    const isRefusal = error instanceof DyadicError && (error.code === 'ERR_KERNEL' || error.code === 'ERR_MEMORY') && error.cause === undefined;
    if (isRefusal) return false;
    throw new Error(`${engine.flavour} ${kernel} [${params.join(', ')}]: ${String(error)}`, { cause: error });
  }
}

for (const flavour of FLAVOURS) {
  for (const kernel of Object.keys(KERNELS) as KernelName[]) {
    fuzz(`${flavour} ${kernel} runs or refuses`, async () => {
      const engine = isOfTraining(kernel) ? await createTrainEngine({ flavour }, trainingModuleBytes) : await engineOf(flavour);
      const arena = engine.allocate(ARENA);
      engine.bytes(arena, ARENA).forEach((_, index, bytes) => (bytes[index] = (index * 2_654_435_761) >>> 24));
      const random = new Random(KERNELS[kernel].id);
      let ran = 0;
      for (let round = 0; round < ROUNDS; round += 1) ran += Number(runs(engine, kernel, words(random, kernel, arena)));
      const isThere = isIn(flavour, kernel);
      assert.is(ran > 0, isThere, 'kernels by relaxed dot products and by paired weights are in one flavour only, F(2,3) where there are vectors');
      if (isThere) assert.ok(ran > ROUNDS / 8, `only ${ran} of ${ROUNDS} drafts are accepted: the fuzz has become blunt`);
      assert.ok(ran < ROUNDS, 'some are refused');
      engine.free(arena);
      assert.is(engine.liveAllocations, 0);
    });
  }
}

fuzz('random step tables only ever give a status', async () => {
  for (const flavour of FLAVOURS) {
    const engine = await engineOf(flavour);
    const random = new Random(99);
    const table = engine.allocate(8192);
    for (let round = 0; round < 500; round += 1) {
      engine.i32(table, 2048).forEach((_, index, all) => (all[index] = random.next(4) === 0 ? table + random.next(8192) : random.next(48)));
      const last = random.next(400);
      for (const run of [() => engine.runInteger(table, 0, last, 0, 0), () => engine.runFloat(table, random.next(5), last, table, 64)]) {
        try {
          run();
        } catch (error) {
          assert.ok(error instanceof DyadicError && error.code === 'ERR_KERNEL' && error.cause === undefined, String(error));
        }
      }
    }
  }
});

fuzz.run();
