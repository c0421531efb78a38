/** This package, built into dist/. */
import '../../../dist/entry/node.js';
import { createEngine } from '../../../dist/wasm/create-engine.js';
import { TYPES } from '../workloads.mjs';
import { fact } from './dyadic-facts.mjs';
import { network } from './dyadic-network.mjs';
import { build } from './dyadic-workload.mjs';

export async function open(_name, _folder, { flavour = 'auto' } = {}) {
  const { flavour: taken, lowering } = await createEngine(undefined, { flavour });
  return {
    types: Object.keys(TYPES), exact: true, variant: taken, host: { flavour: taken, lowering },
    build: (shape, type, copies, settings) => build(shape, type, copies, { ...settings, flavour }),
    network: (bytes, _shape, settings, samples) => network(bytes, { ...settings, flavour }, samples),
    fact: (question) => fact({ ...question, flavour }),
  };
}
