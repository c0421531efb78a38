/**
 * What every host runs: the deployed example on one batch, and the whole quantizer. Plain JavaScript without imports of its own,
 * so that one file serves Node, workerd and a browser.
 */

/** Pictures of 28×28 in the files that scripts/hosts.mjs prepares. */
const PIXELS = 28 * 28;

/** Same as in examples/fashion/README.md. */
const PREPROCESS = { size: [28, 28], fit: 'crop', channels: 'gray', mean: [0.286], std: [0.353], labels: null };

/**
 * @param {typeof import('dyadic')} dyadic the package as this host resolves it
 * @param {{ dyad: Uint8Array, onnx: Uint8Array, images: Uint8Array, calibration: Uint8Array }} files `images` and `calibration` hold raw f32 pictures
 * @returns {Promise<{ flavour: string, hash: string, dyadHash: string }>} SHA-256 of the logits' bytes and of the file `quantize` makes here
 */
export async function probe(dyadic, files) {
  const model = await dyadic.load(files.dyad);
  const images = floats(files.images);
  const logits = model.run(dyadic.Tensor.from(images, [images.length / PIXELS, 1, 28, 28]));
  const hash = await sha256(logits.toArray());
  const { flavour } = model;
  model.dispose();

  const graph = await dyadic.importOnnx(files.onnx);
  const calibration = floats(files.calibration);
  const samples = Array.from({ length: calibration.length / PIXELS }, (_, i) => calibration.slice(i * PIXELS, (i + 1) * PIXELS));
  const quantized = await dyadic.quantize(graph, samples, { bits: 'w4a8', calibrate: 'mse', biasCorrection: true, preprocess: PREPROCESS });
  return { flavour, hash, dyadHash: await sha256(dyadic.encodeDyad(quantized.graph)) };
}

/** A copy, since the bytes need not be aligned to four. */
function floats(bytes) {
  return new Float32Array(bytes.slice().buffer);
}

async function sha256(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const digest = await crypto.subtle.digest('SHA-256', bytes.slice());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
