/** dyadic inspect: what is in a model file. */
import type { CAC } from 'cac';
import { decodeDyad } from '../integer/dyad.js';
import type { IntegerGraph } from '../integer/integer-graph.js';
import { type RawOptions, sizeOption } from './arguments.js';
import { importSized } from './import-sized.js';
import { floatLayers, integerLayers, type LayerRow } from './layers.js';
import { MEMORY_MODES } from '../session/convolution-algorithm.js';
import { FLAVOURS, inspectProgram } from './inspect-program.js';
import { readFile } from './pictures.js';
import { bytes, count, dimensions, multiplications } from './quantities.js';
import { formatTable } from './table.js';

interface Endpoint {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: string;
}

interface Inspection {
  readonly format: 'dyad' | 'onnx';
  readonly name: string;
  readonly inputs: readonly Endpoint[];
  readonly outputs: readonly Endpoint[];
  readonly layers: readonly LayerRow[];
  readonly notes: readonly string[];
}

export function defineInspect(cli: CAC): void {
  cli
    .command('inspect <model>', 'Show the layers of a .dyad or .onnx file: shapes, bits, bytes, MACs')
    .usage('inspect <model> [options]')
    .option('--size <WxH>', 'Picture size, where an .onnx file leaves it open')
    .option('--program', 'Show what a .dyad becomes on this engine: kernel, dot product and packed bytes of every layer')
    .option('--memory <mode>', `With --program: ${MEMORY_MODES.join(' or ')}`)
    .option('--flavour <name>', `With --program: auto, ${FLAVOURS.join(', ')}`)
    .option('--json', 'Print JSON instead of tables')
    .example('  dyadic inspect model.dyad')
    .example('  dyadic inspect model.dyad --program --memory fast')
    .action((path: string, options: RawOptions) => (options['program'] === true ? inspectProgram(path, options) : inspect(path, options)));
}

async function inspect(path: string, options: RawOptions): Promise<void> {
  const file = readFile(path, 'inspect');
  const found = path.toLowerCase().endsWith('.onnx') ? await inspectOnnx(file, sizeOption(options, 'size')) : inspectDyad(file);
  const totals = {
    layers: found.layers.length,
    fileBytes: file.length,
    layerBytes: found.layers.reduce((total, row) => total + row.bytes, 0),
    macs: found.layers.reduce((total, row) => total + row.macs, 0),
  };
  if (options['json'] === true) {
    process.stdout.write(`${JSON.stringify({ model: path, ...found, totals })}\n`);
    return;
  }
  const layersOf = found.format === 'dyad' ? 'integer network' : 'float network, folded and fused as the quantizer sees it';
  const lines = [
    `${path}: ${found.name || 'unnamed'}, ${layersOf}`,
    ...found.inputs.map((input) => `  input   ${input.name}  ${dimensions(input.shape)}  ${input.type}`),
    ...found.outputs.map((output) => `  output  ${output.name}  ${dimensions(output.shape)}  ${output.type}`),
    ...found.notes.map((note) => `  ${note}`),
    '',
    layerTable(found.layers),
    '',
    `${totals.layers} layers, ${multiplications(totals.macs)} MACs per sample, ${bytes(totals.layerBytes)} of parameters in a file of ${bytes(totals.fileBytes)}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function inspectDyad(file: Uint8Array): Inspection {
  const graph = decodeDyad(file);
  const endpoint = ({ name, value }: { name: string; value: number }): Endpoint => {
    const { shape, dtype, scale, zeroPoint } = graph.values[value]!;
    return { name, shape, type: `${dtype}, scale ${scale.toPrecision(4)}, zero point ${zeroPoint}` };
  };
  return {
    format: 'dyad',
    name: graph.name,
    inputs: graph.inputs.map(endpoint),
    outputs: graph.outputs.map(endpoint),
    layers: integerLayers(graph),
    notes: graph.inputs.flatMap(preprocessNote),
  };
}

function preprocessNote({ preprocess }: IntegerGraph['inputs'][number]): string[] {
  if (preprocess === null) return [];
  const { size, fit, channels, mean, std, labels } = preprocess;
  const named = labels === null ? 'no labels' : `${labels.length} labels`;
  return [`pictures ${size[1]}×${size[0]} ${channels}, ${fit}, mean ${shortNumbers(mean)}, std ${shortNumbers(std)}, ${named}`];
}

function shortNumbers(values: readonly number[]): string {
  return values.map((value) => String(Number(value.toPrecision(6)))).join(',');
}

async function inspectOnnx(file: Uint8Array, size: readonly [number, number] | undefined): Promise<Inspection> {
  const graph = await importSized(file, size);
  const endpoint = (name: string): Endpoint => ({ name, shape: graph.values.get(name)?.shape ?? [], type: 'f32' });
  return { format: 'onnx', name: graph.name, inputs: graph.inputs.map(endpoint), outputs: graph.outputs.map(endpoint), layers: floatLayers(graph), notes: [] };
}

function layerTable(rows: readonly LayerRow[]): string {
  const columns = [
    { title: 'layer' },
    { title: 'operation' },
    { title: 'output shape' },
    { title: 'codes' },
    { title: 'weights' },
    { title: 'bytes', align: 'right' as const },
    { title: 'MACs', align: 'right' as const },
    { title: 'requantization' },
  ];
  const cells = rows.map((row) => [
    row.name,
    row.op,
    dimensions(row.shape),
    row.output,
    row.weights,
    row.bytes === 0 ? '' : count(row.bytes),
    row.macs === 0 ? '' : multiplications(row.macs),
    row.requantization,
  ]);
  return formatTable(columns, cells);
}
