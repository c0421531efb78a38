/** The quantizers of the built modules: every flavour gives the same bytes, and no parameters reach a trap. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DyadicError } from '../../ts/errors.js';
import { createEngine } from '../../ts/wasm/create-engine.js';
import type { Engine } from '../../ts/wasm/engine.js';
import { KERNELS, type KernelName, type KernelParams } from '../../ts/wasm/params.js';
import { FLAVOURS } from '../engine/flavours.js';
import { runKernel, runWords } from '../engine/run-kernel.js';
import { uniform } from './gradient-samples.js';

const quantizers = suite('quantizers in wasm');
const ENGINES = await Promise.all(
  FLAVOURS.map((flavour) => createEngine((name) => new Uint8Array(readFileSync(new URL(`../../pkg/train-${name}.wasm`, import.meta.url))), { flavour })),
);
const NAMES = (Object.keys(KERNELS) as KernelName[]).filter((name) => KERNELS[name].id >= 96 && KERNELS[name].id <= 105);
const [MINUS_INFINITY, INFINITY] = new Int32Array(Float32Array.of(-Infinity, Infinity).buffer) as unknown as readonly [number, number];
const RELU = { loBits: 0, hiBits: INFINITY };
const NO_BOUNDS = { loBits: MINUS_INFINITY, hiBits: INFINITY };
const SPECIAL = [0, -0, NaN, Infinity, -Infinity, 1e-40, 3e38, 0.5, -0.5, 1];

/** One engine's buffers, with the same contents in each engine. */
class Case {
  readonly #blocks: { readonly address: number; readonly bytes: number }[] = [];

  constructor(
    readonly engine: Engine,
    readonly next: () => number,
  ) {}

  room(bytes: number): number {
    const address = this.engine.allocate(bytes);
    this.#blocks.push({ address, bytes });
    this.engine.bytes(address, bytes).fill(0xcd);
    return address;
  }

  /** Floats of many magnitudes; `hard` ones are now and then no numbers, or infinite. */
  floats(count: number, hard = false): number {
    const address = this.room(count * 4);
    for (const [i] of this.engine.f32(address, count).entries()) {
      const value = (this.next() * 2 - 1) * this.next() ** 4;
      this.engine.f32(address, count)[i] = hard && this.next() < 0.05 ? (SPECIAL[Math.floor(this.next() * SPECIAL.length)] as number) : value;
    }
    return address;
  }

  words(values: readonly number[]): number {
    const address = this.room(values.length * 4);
    this.engine.i32(address, values.length).set(values);
    return address;
  }

  state(values: readonly number[]): number {
    const address = this.room(values.length * 4);
    this.engine.f32(address, values.length).set(values);
    return address;
  }

  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** Everything, NaNs by one name: which NaN an operation gives is the engine's choice. */
  dump(): Uint32Array[] {
    return this.#blocks.map(({ address, bytes }) => {
      const words = new Uint32Array(this.engine.bytes(address, bytes & ~3).slice().buffer);
      return words.map((word) => ((word & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : word));
    });
  }

  dispose(): void {
    for (const { address } of this.#blocks) this.engine.free(address);
  }
}

type Makers = { readonly [K in KernelName]?: (c: Case, hard: boolean) => KernelParams[K] };

interface Layout {
  readonly rows: number;
  readonly channels: number;
  readonly stride: number;
}

function layout(c: Case): Layout {
  const [rows, channels] = [c.whole(0, 70), c.whole(1, 70)];
  return { rows, channels, stride: channels <= 4 ? 4 : Math.ceil(channels / 16) * 16 };
}

const quantizerState = (c: Case): number => c.state([(c.next() - 0.2) * 1.5, 0, 1, 0]);
const gradientState = (c: Case): number => c.state([1, c.next(), 0.1, 0, 0, 0, 0, 0]);
const bits = (c: Case): number => c.whole(2, 8);

const MAKERS: Makers = {
  init_quantizer: (c, hard) => {
    const count = c.whole(1, 5000);
    return { inputOffset: c.floats(count, hard), stateOffset: c.state([0, 0, c.whole(0, 1), 0]), count, mode: c.whole(0, 1) };
  },
  quantize_weights: (c, hard) => {
    const count = c.whole(0, 9000);
    return { weightsOffset: c.floats(count, hard), stateOffset: quantizerState(c), codesOffset: c.room(count), count, bits: bits(c) };
  },
  quantize_weights_backward: (c, hard) => {
    const count = c.whole(0, 9000);
    const [weightsOffset, gradientOffset, stateOffset] = [c.floats(count, hard), c.floats(count), quantizerState(c)];
    return { weightsOffset, gradientOffset, stateOffset, outputOffset: c.room(count * 4), intervalGradientOffset: c.room(4), count, bits: bits(c) };
  },
  quantize_activations: (c, hard) => {
    const { rows, channels, stride } = layout(c);
    const [inputOffset, stateOffset, codesOffset] = [c.floats(rows * channels, hard), quantizerState(c), c.room(rows * stride)];
    return { inputOffset, stateOffset, codesOffset, rows, channels, outStride: stride, bits: bits(c), isSigned: c.whole(0, 1) };
  },
  quantize_activations_backward: (c, hard) => {
    const { rows, channels, stride } = layout(c);
    const inContainer = c.whole(2, 4);
    const gradient = Array.from({ length: rows * stride }, () => c.whole(-100_000_000, 100_000_000));
    return {
      inputOffset: c.floats(rows * channels, hard),
      gradientOffset: inContainer !== 4 ? c.words(gradient) : c.floats(rows * stride),
      scaleAOffset: c.floats(1),
      scaleBOffset: c.floats(1),
      addOffset: c.next() < 0.5 ? 0 : c.floats(rows * channels),
      stateOffset: quantizerState(c),
      outputOffset: c.room(rows * channels * 4),
      intervalGradientOffset: c.room(4),
      ...{ rows, channels, inContainer, inStride: stride, bits: bits(c), isSigned: c.whole(0, 1), ...(c.next() < 0.5 ? RELU : NO_BOUNDS) },
    };
  },
  gradient_maximum: (c, hard) => {
    const count = c.whole(0, 5000);
    return { gradientOffset: c.floats(count, hard), stateOffset: gradientState(c), count };
  },
  gradient_histogram: (c, hard) => {
    const [count, bins] = [c.whole(0, 5000), c.whole(1, 300)];
    return { gradientOffset: c.floats(count, hard), stateOffset: gradientState(c), outputOffset: c.room(bins * 4), count, bins };
  },
  gradient_channels: (c, hard) => {
    const [rows, channels] = [c.whole(1, 600), c.whole(1, 40)];
    return { gradientOffset: c.floats(rows * channels, hard), outputOffset: c.room(channels * 12), rows, channels };
  },
  quantize_gradient: (c, hard) => {
    const { rows, channels, stride } = layout(c);
    const byChannel = c.next() < 0.5;
    return {
      gradientOffset: c.floats(rows * channels, hard),
      stateOffset: gradientState(c),
      randomOffset: c.words([c.whole(-(2 ** 31), 2 ** 31 - 1), c.whole(-(2 ** 31), 2 ** 31 - 1), c.whole(0, 1e6), 0]),
      channelClipsOffset: byChannel ? c.floats(channels) : 0,
      codesOffset: c.room(rows * stride),
      channelStepsOffset: byChannel ? c.room(channels * 4) : 0,
      ...{ rows, channels, outStride: stride, bits: bits(c), layer: c.whole(0, 99) },
    };
  },
  gradient_error: (c, hard) => {
    const { rows, channels, stride } = layout(c);
    const codesOffset = c.room(rows * stride);
    const codes = c.engine.bytes(codesOffset, rows * stride);
    for (const [i] of codes.entries()) codes[i] = c.whole(0, 255);
    return { gradientOffset: c.floats(rows * channels, hard), codesOffset, stateOffset: gradientState(c), thresholdOffset: c.floats(1), outputOffset: c.room(24), rows, channels, codesStride: stride };
  },
};

function results<K extends KernelName>(name: K, seed: number): Uint32Array[][] {
  return ENGINES.map((engine) => {
    const c = new Case(engine, uniform(seed));
    const make = MAKERS[name] as (c: Case, hard: boolean) => KernelParams[K];
    runKernel(engine, name, make(c, seed % 3 === 0));
    const words = c.dump();
    c.dispose();
    return words;
  });
}

for (const name of NAMES) {
  quantizers(`${name}: the same bytes in ${FLAVOURS.join(', ')}`, () => {
    for (let seed = 1; seed <= 40; seed++) {
      const [first, ...others] = results(name, seed);
      for (const [index, other] of others.entries()) assert.equal(other, first, `seed ${seed}, ${FLAVOURS[index + 1] as string}`);
    }
  });
}

quantizers('no parameters reach a trap', () => {
  const extremes = [-1, 0, 1, 2, 3, 4, 8, 9, 16, 65_535, 1 << 24, (1 << 24) + 1, 2 ** 29, 2 ** 31 - 1, -(2 ** 31)];
  for (const engine of ENGINES) {
    const arena = engine.allocate(1 << 16);
    let [accepted, refused] = [0, 0];
    for (const [index, name] of NAMES.entries()) {
      const next = uniform(1000 + index);
      const pick = (): number => (next() < 0.6 ? 1 + Math.floor(next() * 16) : (extremes[Math.floor(next() * extremes.length)] as number));
      for (let round = 0; round < 1500; round++) {
        const words = Int32Array.from(KERNELS[name].fields, (field, at) => (/Offset$/.test(field) && next() < 0.9 ? arena + at * 4096 + Math.floor(next() * 8) * 4 : pick()));
        if (name === 'quantize_gradient' && next() < 0.5) words[3] = words[5] = 0;
        try {
          runWords(engine, KERNELS[name].id, words, true);
          accepted++;
        } catch (error) {
          assert.ok(error instanceof DyadicError && ['ERR_KERNEL', 'ERR_MEMORY'].includes(error.code), `${name} [${words.join()}]: ${String(error)}`);
          refused++;
        }
      }
    }
    engine.free(arena);
    assert.ok(accepted > 1000 && refused > 1000, `${accepted} accepted, ${refused} refused`);
  }
});

quantizers('no engine keeps memory', () => {
  for (const engine of ENGINES) assert.is(engine.liveBytes, 0);
});

quantizers.run();
