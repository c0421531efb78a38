/** dyadic inspect --program: what a network becomes on this engine. */
import { decodeDyad } from '../integer/dyad.js';
import { MEMORY_MODES } from '../session/convolution-algorithm.js';
import { createIntegerProgram } from '../session/integer-program.js';
import type { ProgramStep } from '../session/program.js';
import { createEngine } from '../wasm/create-engine.js';
import type { Lowering } from '../wasm/engine.js';
import { choiceOption, UsageError, type RawOptions } from './arguments.js';
import { integerLayers } from './layers.js';
import { readFile } from './pictures.js';
import { bytes, count, dimensions, multiplications } from './quantities.js';
import { formatTable } from './table.js';

export const FLAVOURS = ['relaxed', 'simd128', 'scalar'] as const;

/** Loads the network as `load` would and prints the choices that it made. Throws UsageError for an .onnx file, which has no integer Program. */
export async function inspectProgram(path: string, options: RawOptions): Promise<void> {
  if (path.toLowerCase().endsWith('.onnx')) throw new UsageError('--program shows a .dyad file; quantize the .onnx file first');
  const memory = choiceOption(options, 'memory', MEMORY_MODES, 'balanced');
  const flavour = choiceOption(options, 'flavour', ['auto', ...FLAVOURS] as const, 'auto');
  const graph = decodeDyad(readFile(path, 'inspect'));
  const layers = integerLayers(graph);
  const engine = await createEngine(undefined, { flavour });
  const program = createIntegerProgram(engine, graph, { memory });
  const steps = program.steps.map((step, index) => ({ ...step, shape: layers[index]?.shape ?? [], macs: layers[index]?.macs ?? 0 }));
  const host = { flavour: engine.flavour, lowering: engine.lowering, memory, weightBytes: program.weightBytes, activationBytes: program.activationBytes };
  if (options['json'] === true) {
    process.stdout.write(`${JSON.stringify({ model: path, ...host, steps })}\n`);
  } else {
    const columns = [{ title: 'layer' }, { title: 'operation' }, { title: 'output shape' }, { title: 'kernels' }, { title: 'multiplies by' }, { title: 'packed', align: 'right' as const }, { title: 'MACs', align: 'right' as const }];
    const rows = steps.map((step) => [step.name, step.op, dimensions(step.shape), step.kernels.join(' + '), multiplier(step, engine.lowering), step.weightBytes === 0 ? '' : count(step.weightBytes), step.macs === 0 ? '' : multiplications(step.macs)]);
    const relaxed = engine.lowering === 'none' ? '' : `, relaxed dot product as ${engine.lowering}`;
    process.stdout.write(`${path}: flavour ${engine.flavour}${relaxed}, memory ${memory}\n\n${formatTable(columns, rows)}\n\n`);
    process.stdout.write(`${bytes(program.weightBytes)} of packed weights, ${bytes(program.activationBytes)} of activations\n`);
  }
  program.dispose();
}

/** The instruction under a layer's products, in words. */
function multiplier({ kernels, dot }: ProgramStep, lowering: Lowering): string {
  if (dot !== null) return `${dot} (bytes)`;
  if (kernels.includes('winograd_f23') && lowering !== 'none') return 'i7 (bytes)';
  if (kernels.includes('conv2d_paired')) return 'i16, two weights each';
  return kernels.some((kernel) => /conv2d|winograd/.test(kernel)) ? 'i16' : '';
}
