import { DyadicError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { optimize } from '../graph/optimize.js';
import { validateGraph } from '../graph/validate.js';
import type { IntegerGraph } from '../integer/integer-graph.js';
import { createFloatProgram } from '../session/float-program.js';
import { createIntegerProgram } from '../session/integer-program.js';
import type { Engine } from '../wasm/engine.js';
import { createEngine } from '../wasm/create-engine.js';
import { scaleGroups } from './assign/scale-groups.js';
import { calibrate, type CalibrationHooks } from './calibration/calibrate.js';
import { type CalibrationData, collectSamples } from './calibration/samples.js';
import { compile, observedValues } from './compile.js';
import { type QuantizeOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { foldFixedWeights, hasFixedCodes } from './fixed/fold-fixed-weights.js';
import { buildPlan } from './plan/build-plan.js';
import { compareNetworks, type QuantizeReport } from './report.js';

export interface QuantizeResult {
  readonly graph: IntegerGraph;
  readonly report: QuantizeReport;
}

/**
 * Turns a float network into an integer-only one (SPEC, DESIGN §3). `calibration` are samples of the input as the network sees them: one
 * Float32Array each for a network of one input, else a Map by input name, of the input's shape with batch 1. All are kept in memory while this runs.
 *
 * Throws ERR_ARGUMENT for what is no Graph, no option or no data, ERR_QUANTIZE_UNSUPPORTED listing every node without an integer counterpart, ERR_CALIBRATION without samples, ERR_NAN and ERR_SHAPE naming a bad one,
 * ERR_ACCUMULATOR for weights no scale can hold, ERR_ABORTED.
 */
export function quantize(given: Graph, calibration: CalibrationData, options: QuantizeOptions = {}): Promise<QuantizeResult> {
  return quantizeOn(() => createEngine(undefined, options.engine), given, calibration, options);
}

/** The same on an engine that the caller makes, with whatever modules it has. */
export async function quantizeOn(openEngine: () => Promise<Engine>, given: Graph, calibration: CalibrationData, options: Omit<QuantizeOptions, 'engine'>): Promise<QuantizeResult> {
  validateGraph(given);
  const { graph, weights } = hasFixedCodes(given) ? foldFixedWeights(given) : { graph: optimize(given), weights: undefined };
  const resolved = resolveOptions(options);
  checkBatch(graph);
  checkPreprocess(graph, resolved);
  const plan = buildPlan(graph, weights);
  const hooks: CalibrationHooks = { signal: options.signal, onProgress: options.onProgress };
  const samples = await collectSamples(graph, calibration, options.signal);
  const groups = scaleGroups(plan);
  const engine = await openEngine();
  const float = createFloatProgram(engine, graph);
  try {
    const statistics = await calibrate(plan, observedValues(plan, graph, groups), float, samples, resolved, hooks);
    const compiled = compile(plan, groups, statistics, resolved);
    const integer = createIntegerProgram(engine, compiled.graph);
    try {
      const report = await compareNetworks(compiled.graph, compiled.layers, compiled.bits, float, integer, samples, hooks);
      return { graph: compiled.graph, report };
    } finally {
      integer.dispose();
    }
  } finally {
    float.dispose();
  }
}

/** A deployed network runs one sample at a time (SPEC 3). */
function checkBatch(graph: Graph): void {
  for (const name of graph.inputs) {
    const shape = graph.values.get(name)?.shape ?? [];
    if (shape[0] === 1) continue;
    const expected = `a batch axis of 1 in front: export the model with a dynamic batch, or import it with shapes: { ${JSON.stringify(name)}: [1, …] }`;
    throw new DyadicError('ERR_SHAPE', { op: 'quantize', argument: `input "${name}"`, expected, received: `[${shape.join(', ')}]` });
  }
}

/** A picture needs an input [1, 3 or 1, h, w] of the preprocess size. */
function checkPreprocess(graph: Graph, { preprocess }: ResolvedOptions): void {
  if (!preprocess) return;
  const shape = graph.values.get(graph.inputs[0] ?? '')?.shape ?? [];
  const channels = preprocess.channels === 'gray' ? 1 : 3;
  const wanted = [1, channels, ...preprocess.size];
  if (shape.length !== 4 || wanted.some((n, i) => shape[i] !== n)) {
    throw new DyadicError('ERR_SHAPE', { op: 'quantize', argument: 'preprocess', expected: `an input of shape [${wanted.join(', ')}]`, received: `[${shape.join(', ')}]` });
  }
  for (const [key, list] of [['mean', preprocess.mean], ['std', preprocess.std]] as const) {
    if (list.length === channels && list.every((x) => Number.isFinite(x) && (key === 'mean' || x > 0))) continue;
    throw new DyadicError('ERR_ARGUMENT', { op: 'quantize', argument: `preprocess.${key}`, expected: `${channels} finite numbers${key === 'std' ? ' above 0' : ''}`, received: `[${list.join(', ')}]` });
  }
}
