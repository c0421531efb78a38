/** workerd: everything as a Worker; wasm and data arrive as modules, as in every Worker. */
import * as dyadic from 'dyadic';
import * as train from 'dyadic/train';
import calibration from './data/calibration.f32';
import images from './data/images.f32';
import dyad from './data/model.dyad';
import onnx from './data/model.onnx';
import testImages from './data/test-images.idx';
import testLabels from './data/test-labels.idx';
import trainImages from './data/train-images.idx';
import trainLabels from './data/train-labels.idx';
import { everything } from './everything.js';

const FILES = {
  'model.dyad': dyad,
  'model.onnx': onnx,
  'images.f32': images,
  'calibration.f32': calibration,
  'train-images.idx': trainImages,
  'train-labels.idx': trainLabels,
  'test-images.idx': testImages,
  'test-labels.idx': testLabels,
};

export default {
  async fetch() {
    try {
      return Response.json(await everything(dyadic, train, (name) => new Uint8Array(FILES[name])));
    } catch (error) {
      return Response.json({ error: `${error.stack ?? error}` });
    }
  },
};
