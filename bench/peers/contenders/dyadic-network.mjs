/** Whole networks of this package, built into dist/. For every host: its entry must be imported first. */
import { importOnnx, load, quantize } from '../../../dist/index.js';

/** A network at one precision, through the public API: floats in, floats out. */
export async function network(bytes, { type, memory, flavour }, samples) {
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
