/** This package, built into dist/. */
import '../../../dist/entry/node.js';
import { importOnnx, load, quantize } from '../../../dist/index.js';
import { createEngine } from '../../../dist/wasm/create-engine.js';
import { TYPES } from '../workloads.mjs';
import { build } from './dyadic-workload.mjs';

export async function open() {
  const { flavour } = await createEngine();
  return { types: Object.keys(TYPES), exact: true, variant: flavour, build, network };
}

/** A network at one precision, through the public API: floats in, floats out. */
async function network(bytes, _shape, type, samples) {
  const graph = await importOnnx(bytes);
  const source = type === 'f32' ? graph : (await quantize(graph, samples, { bits: type === 'int4' ? 'w4a4' : 'w8a8' })).graph;
  const model = await load(source, { memory: type === 'int8 fast' ? 'fast' : 'balanced' });
  return {
    run: (data) => {
      const logits = model.run(data);
      const values = logits.toArray();
      logits.dispose();
      return values;
    },
    dispose: () => model.dispose(),
  };
}
