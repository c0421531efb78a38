/** Whole networks from the shared data folder: ours at three precisions, onnxruntime's float and quantized files. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NETWORKS, missingFiles, normalize } from '../../scripts/accuracy/networks.mjs';

/** What ours is compared with what: our precision, and the peers' files that it meets. */
const QUANTIZED = {
  resnet20: ['resnet20_cifar10_qop_u8s8_perch.onnx', 'resnet20_cifar10_qdq_s8s8_perch.onnx'],
  squeezenet: ['squeezenet1.1_qop_u8s8_perch.onnx', 'squeezenet1.1_qdq_s8s8_perch.onnx'],
};
/** Pictures that ours is calibrated with: speed does not depend on their number. */
const CALIBRATION = 10;

const named = (name) => NETWORKS.find((network) => network.name === name);

/** What of a network's files is not in `data`. */
export function missingOf(data, name) {
  return missingFiles(data, [named(name)]);
}

/** Our float model, which is also the peers', and their quantized ones. */
export function networkFiles(data, name) {
  return { f32: [join(data, named(name).model)], int8: QUANTIZED[name].map((file) => join(data, 'models/quantized', file)).filter(existsSync) };
}

/** `u8s8 QOperator` or `s8s8 QDQ`, as the file's name says; float files have no variant. */
export function variantOf(path) {
  const match = /_(qop|qdq)_([us]8s8)_/.exec(path);
  return match === null ? null : `${match[2]} ${match[1] === 'qop' ? 'QOperator' : 'QDQ'}`;
}

/** Floats of the first calibration picture, [1, 3, side, side]. */
export function networkInput(data, name) {
  const { images, preprocess } = named(name);
  const samples = images(data, 'calibrate');
  return { samples: Array.from({ length: Math.min(CALIBRATION, samples.count) }, (_, i) => normalize(samples.bytes(i), preprocess)), shape: [1, 3, ...preprocess.size] };
}

export function modelBytes(path) {
  return new Uint8Array(readFileSync(path));
}
