/** All that a host is asked, as one object. `read(name)` gives the bytes of a file in data/. */
import { pipeline } from './pipeline.js';
import { probe } from './probe.js';

export async function everything(dyadic, train, read) {
  const [dyad, onnx, images, calibration] = await Promise.all(['model.dyad', 'model.onnx', 'images.f32', 'calibration.f32'].map(read));
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all(['train-images.idx', 'train-labels.idx', 'test-images.idx', 'test-labels.idx'].map(read));
  const answer = await probe(dyadic, { dyad, onnx, images, calibration });
  return { ...answer, trained: await pipeline(dyadic, train, { trainImages, trainLabels, testImages, testLabels }) };
}
