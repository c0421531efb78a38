/** Where the time of a step goes: every kernel by itself. */
import { KERNELS } from '../../dist/wasm/params.js';
import { start } from '../peers/stopwatch.mjs';

const NAMES = new Map(Object.entries(KERNELS).map(([name, { id }]) => [id, name]));
/** A row of a step table: kernel id, address of its parameters. */
const ROW_BYTES = 8;

/** `winograd_f23 16×32×32→16` for what has a picture of channels × height × width, else the kernel's name. */
function title(engine, table, step) {
  const [id, address] = engine.i32(table + ROW_BYTES * step, 2);
  const name = NAMES.get(id);
  const { fields } = KERNELS[name];
  if (!isConvolution(name)) return name;
  const params = engine.i32(address, fields.length);
  const [inC, inH, inW, outC] = ['inC', 'inH', 'inW', 'outC'].map((field) => params[fields.indexOf(field)]);
  return `${name} ${inC}×${inH}×${inW}→${outC}`;
}

/** From now on `engine` runs kernels one by one and adds up their times; returns a Map of kernel and shape → { milliseconds, calls }. */
export function watchKernels(engine) {
  const times = new Map();
  const runFloat = engine.runFloat.bind(engine);
  engine.runFloat = (table, first, last, scratch, scratchBytes) => {
    for (let step = first; step < last; step++) {
      const name = title(engine, table, step);
      const stop = start();
      runFloat(table, step, step + 1, scratch, scratchBytes);
      const elapsed = stop();
      const sum = times.get(name) ?? { milliseconds: 0, calls: 0 };
      times.set(name, { milliseconds: sum.milliseconds + elapsed, calls: sum.calls + 1 });
    }
  };
  return times;
}

/**
 * The part of some steps that the host takes: all but the runs of kernels. Measured apart, by nothing but the clock: {@link watchKernels} starts a stopwatch for every kernel, which
 * would be charged to the host.
 */
export async function hostShare(engine, run) {
  const { runFloat } = engine;
  let kernels = 0;
  engine.runFloat = (...range) => {
    const begin = performance.now();
    runFloat.apply(engine, range);
    kernels += performance.now() - begin;
  };
  const begin = performance.now();
  await run();
  const total = performance.now() - begin;
  engine.runFloat = runFloat;
  return 1 - kernels / total;
}

/** Whether a kernel is the convolution itself; packing, dequantizing and the like are not. */
export function isConvolution(name) {
  return !name.startsWith('pack_') && /conv|winograd/.test(name);
}

/** Statistics of gradients that a method asks for; the maximum may come with another kernel. */
export function isGradientStatistics(name) {
  return ['gradient_maximum', 'gradient_histogram', 'gradient_channels'].includes(name);
}
