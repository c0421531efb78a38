/** Reads ONNX models whose height and width the file leaves open, or whose batch it fixes. */
import { DyadicError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { importOnnx } from '../onnx/import.js';

/**
 * The network of a file, with a batch of 1; `size` ([height, width]) fills in what the file leaves open of an input [N, C, H, W].
 * @throws DyadicError as importOnnx; ERR_ARGUMENT that asks for --size where that would help
 */
export async function importSized(bytes: Uint8Array, size: readonly [number, number] | undefined): Promise<Graph> {
  try {
    const graph = await importOnnx(bytes);
    const shapes = singleBatch(graph);
    return shapes === null ? graph : await importOnnx(bytes, { shapes });
  } catch (error) {
    const open = error instanceof DyadicError && error.code === 'ERR_ARGUMENT' ? openPicture(error) : null;
    if (open === null) throw error;
    if (size !== undefined) return importOnnx(bytes, { shapes: { [open.name]: [1, open.channels, ...size] } });
    throw new DyadicError('ERR_ARGUMENT', { op: 'importOnnx', argument: open.name, expected: '--size WxH, since the model leaves it open', received: 'no --size', cause: error });
  }
}

/** The import error names the input and shows its shape, such as [N, 3, H, W]. */
function openPicture({ argument, received }: DyadicError): { name: string; channels: number } | null {
  const name = /^input "(.+)"$/.exec(argument ?? '')?.[1];
  const channels = /^\[[^,]+, (1|3), [^,]+, [^,]+\]$/.exec(received ?? '')?.[1];
  return name === undefined || channels === undefined ? null : { name, channels: Number(channels) };
}

/** The shapes of inputs with a batch of 1, or null where it is 1 already. */
function singleBatch(graph: Graph): Record<string, readonly number[]> | null {
  const shapes = graph.inputs.map((name) => [name, graph.values.get(name)?.shape ?? []] as const);
  if (shapes.every(([, shape]) => shape.length !== 4 || shape[0] === 1)) return null;
  return Object.fromEntries(shapes.map(([name, shape]) => [name, [1, ...shape.slice(1)]]));
}
