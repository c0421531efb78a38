/**
 * The workloads of `npm run bench:peers` in this browser, ours only. Serve the repository's root, built, and open /bench/page/index.html;
 * `?only=gemm` runs those whose id matches. `window.result` holds the rows at the end.
 */
import '../../dist/entry/browser.js';
import { build } from '../peers/contenders/dyadic-workload.mjs';
import { verify } from '../peers/reference.mjs';
import { summarize } from '../peers/statistics.mjs';
import { COPIES, TYPES, workloads } from '../peers/workloads.mjs';
import { createEngine } from '../../dist/wasm/create-engine.js';

const WARM_UP_MS = 300;
const SAMPLE_MS = 400;

function time(model) {
  const start = performance.now();
  model.run();
  return performance.now() - start;
}

/** Runs both for a while and returns the times of each. */
function sample(one, many, milliseconds) {
  const times = { one: [], many: [] };
  const start = performance.now();
  do {
    times.one.push(time(one));
    times.many.push(time(many));
  } while (performance.now() - start < milliseconds);
  return times;
}

async function measure(shape, type) {
  const whole = await build(shape, type, 1, { whole: true });
  verify(shape, type, whole.read(), { exact: true });
  whole.dispose();
  const one = await build(shape, type, 1, { whole: false });
  const many = await build(shape, type, COPIES, { whole: false });
  sample(one, many, WARM_UP_MS);
  const { milliseconds } = summarize([sample(one, many, SAMPLE_MS)], COPIES);
  one.dispose();
  many.dispose();
  return { id: `${shape.id} ${type}`, value: shape.macs / 1e6 / milliseconds, unit: 'GMAC/s', milliseconds, verified: true };
}

function show({ id, value, milliseconds }) {
  const row = document.querySelector('#rows').insertRow();
  for (const text of [id, value.toPrecision(3), milliseconds.toPrecision(3)]) row.insertCell().textContent = text;
}

async function runAll() {
  const only = new RegExp(new URLSearchParams(location.search).get('only') ?? '');
  const { flavour } = await createEngine();
  const rows = [];
  for (const shape of workloads()) {
    if (!only.test(shape.id)) continue;
    for (const type of Object.keys(TYPES)) {
      const row = { ...(await measure(shape, type)), variant: flavour };
      rows.push(row);
      show(row);
      // Lets the page paint.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  return rows;
}

const state = document.querySelector('#state');
try {
  const rows = await runAll();
  state.textContent = navigator.userAgent;
  window.result = { rows };
} catch (error) {
  state.textContent = `${error}`;
  window.result = { error: `${error?.stack ?? error}` };
}
