/** The register loops of bench/peak, built: for every host. */

const ITERATIONS = 2_000_000;

/** Where bench/peak.mjs builds the module of an instruction, from the repository's root. */
export function peakFile(instruction) {
  return `target/peak-${instruction}/wasm32-unknown-unknown/release/peak.wasm`;
}

/** GMAC/s of an instruction in registers: the best of 10 runs, since a peak is what is possible. */
export function peakOf(module, instruction) {
  const { exports } = new WebAssembly.Instance(module);
  let best = 0;
  for (let repetition = 0; repetition < 10; repetition++) {
    const start = performance.now();
    exports[instruction](ITERATIONS, repetition + 1);
    best = Math.max(best, (exports[`${instruction}_macs`]() * ITERATIONS) / (performance.now() - start) / 1e6);
  }
  return best;
}
