/** This package, built into dist/. */
import '../../../dist/entry/node.js';
import { importOnnx, load, quantize } from '../../../dist/index.js';
import { createEngine } from '../../../dist/wasm/create-engine.js';
import { TYPES } from '../workloads.mjs';
import { build } from './dyadic-workload.mjs';
import { fact } from './dyadic-facts.mjs';

export async function open(_name, _folder, { flavour = 'auto' } = {}) {
  const { flavour: taken, lowering } = await createEngine(undefined, { flavour });
  return {
    types: Object.keys(TYPES), exact: true, variant: taken, host: { flavour: taken, lowering },
    build: (shape, type, copies, settings) => build(shape, type, copies, { ...settings, flavour }),
    network: (bytes, _shape, settings, samples) => network(bytes, { ...settings, flavour }, samples),
    fact: (question) => fact({ ...question, flavour }),
  };
}

/** A network at one precision, through the public API: floats in, floats out. */
async function network(bytes, { type, memory, flavour }, samples) {
  const graph = await importOnnx(bytes);
  const source = type === 'f32' ? graph : (await quantize(graph, samples, { bits: type === 'int4' ? 'w4a4' : 'w8a8' })).graph;
  const model = await load(source, { memory, flavour });
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
