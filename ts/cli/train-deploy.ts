/** What a finished run leaves to use: ONNX files for other tools, model.dyad for ours, and how well the latter does on the test pictures. */
import { encodeDyad } from '../integer/dyad.js';
import type { IntegerGraph } from '../integer/integer-graph.js';
import { exportOnnx } from '../onnx/lazy-export.js';
import { createIntegerProgram } from '../session/integer-program.js';
import type { Dataset } from '../train/data/dataset.js';
import { preprocessOf } from '../train/deploy/calibration-samples.js';
import type { Trainer } from '../train/trainer/trainer.js';
import { createEngine } from '../wasm/create-engine.js';
import { Progress } from './progress.js';
import { bytes, percent } from './quantities.js';
import type { TrainingData } from './train-data.js';
import type { RunFolder } from './train-folder.js';
import type { TrainSettings } from './train-settings.js';

export const ONNX = 'model.onnx';
export const FLOAT_ONNX = 'model.float.onnx';
export const DYAD = 'model.dyad';

export interface Deployed {
  readonly dyadBytes: number;
  readonly onnxBytes: number;
  /** Whether model.float.onnx lies beside model.onnx. */
  readonly hasFloatOnnx: boolean;
  /** Of the integer-only network on the test pictures, 0 to 1. */
  readonly accuracy: number;
  readonly warnings: readonly string[];
}

/**
 * Writes the files from the parameters of the best epoch. model.onnx computes what was trained: quantized layers are QuantizeLinear and DequantizeLinear there; beside it, the weights alone.
 * @throws DyadicError ERR_FILE; what quantizing throws
 */
export async function deploy(trainer: Trainer, folder: RunFolder, data: TrainingData, settings: TrainSettings): Promise<Deployed> {
  if (trainer.best !== null) await trainer.restoreBest();
  const name = settings.model.replace(/^.*[\\/]/, '').replace(/\.[cm]?[jt]s$/, '');
  const trained = await trainer.toGraph({ name, shape: data.train.shape });
  const onnx = await exportOnnx(trained, { format: settings.bits === null ? 'float' : 'qdq', batch: 'open' });
  folder.write(ONNX, onnx);
  if (settings.bits !== null) folder.write(FLOAT_ONNX, await exportOnnx(trained, { format: 'float', batch: 'open' }));
  const preprocess = preprocessOf(data.train, trainer.normalization ?? undefined);
  const progress = new Progress();
  try {
    const { graph, report } = await trainer.compile(data.train, {
      name,
      preprocess: preprocess === null ? null : { ...preprocess, fit: settings.data.fit },
      onProgress: ({ done, total }) => progress.update('compiling', done, total),
    });
    const dyad = encodeDyad(graph);
    folder.write(DYAD, dyad);
    const accuracy = await integerAccuracy(graph, data.test, settings, progress);
    return { dyadBytes: dyad.length, onnxBytes: onnx.length, hasFloatOnnx: settings.bits !== null, accuracy, warnings: report.warnings };
  } finally {
    progress.clear();
  }
}

/** The share of pictures whose largest output is that of their label. */
async function integerAccuracy(graph: IntegerGraph, { images, labels, count, shape }: Dataset, { flavour }: TrainSettings, progress: Progress): Promise<number> {
  const program = createIntegerProgram(await createEngine(undefined, { flavour }), graph);
  const size = shape[0] * shape[1] * shape[2];
  let right = 0;
  for (let i = 0; i < count; i++) {
    const pixels = { kind: 'pixels', data: images.subarray(i * size, (i + 1) * size), channels: shape[2] } as const;
    const logits = program.run(new Map([[program.inputs[0]!.name, pixels]])).get(program.outputs[0]!.name)!;
    if (logits.indexOf(Math.max(...logits)) === labels[i]) right++;
    if (i % 100 === 0) progress.update('testing model.dyad', i, count);
  }
  program.dispose();
  return right / count;
}

/** `model.dyad: 24.5 kB, 91.20 % of the test pictures in integers` */
export function deployedText({ dyadBytes, onnxBytes, accuracy }: Deployed): string {
  return `${DYAD} ${bytes(dyadBytes)}, ${percent(accuracy, 2)} of the test pictures in integers only; ${ONNX} ${bytes(onnxBytes)}`;
}
