/** workerd: the probe as a Worker; wasm and data arrive as modules, as in every Worker. */
import * as dyadic from 'dyadic';
import calibration from './data/calibration.f32';
import images from './data/images.f32';
import dyad from './data/model.dyad';
import onnx from './data/model.onnx';
import { probe } from './probe.js';

export default {
  async fetch() {
    try {
      const files = { dyad: new Uint8Array(dyad), onnx: new Uint8Array(onnx), images: new Uint8Array(images), calibration: new Uint8Array(calibration) };
      return Response.json(await probe(dyadic, files));
    } catch (error) {
      return Response.json({ error: `${error.stack ?? error}` });
    }
  },
};
