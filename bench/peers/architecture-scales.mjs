/** Scales of every value of an architecture: from what our float network makes of a few pictures, so that all peers quantize alike. */
import { architecture, samplePictures } from './architectures.mjs';
import { architectureOnnx } from './architecture-onnx.mjs';

const PICTURES = 2;

/** [value, { scale, zeroPoint }] of u8 codes over the range that was seen, zero included. Needs the build in dist/. */
export async function architectureScales(name) {
  await import('../../dist/entry/node.js');
  const { importOnnx } = await import('../../dist/onnx/import.js');
  const { createFloatProgram } = await import('../../dist/session/float-program.js');
  const { createEngine } = await import('../../dist/wasm/create-engine.js');
  const net = architecture(name);
  const engine = await createEngine();
  const program = createFloatProgram(engine, await importOnnx(architectureOnnx(net, null)));
  const ranges = new Map();
  for (const data of samplePictures(PICTURES)) {
    program.run(new Map([['x', { kind: 'f32', data }]]), ({ name: value, read }) => {
      const floats = read();
      const [low, high] = ranges.get(value) ?? [0, 0];
      ranges.set(value, [floats.reduce((a, b) => Math.min(a, b), low), floats.reduce((a, b) => Math.max(a, b), high)]);
    });
  }
  program.dispose();
  return values(net, ranges);
}

/** What import folded away has the range of what it became: the last layer is the output `y`. */
function values(net, ranges) {
  const last = net.layers.at(-1).output;
  const scales = new Map();
  for (const [name] of net.shapes) {
    const layer = net.layers.find(({ output }) => output === name);
    const [low, high] = ranges.get(layer?.op === 'max_pool' ? layer.input : name) ?? (name === last ? ranges.get('y') : undefined) ?? missing(name);
    const scale = (high - low) / 255 || 1;
    scales.set(name, { scale, zeroPoint: Math.max(0, Math.min(255, Math.round(-low / scale))) });
  }
  return [...scales];
}

function missing(name) {
  throw new Error(`the float network has no value ${name}`);
}
