/** Networks by name, for the command line, and those of a user's own file. */
import { DyadicError } from '../../errors.js';
import { Module } from '../modules/module.js';
import type { LayerBits } from '../tape/node.js';
import { cnn } from './cnn.js';
import { mobilenetV2 } from './mobilenet-v2.js';
import { resnet20, resnet56 } from './resnet-cifar.js';

/** What the data says and the user wants. */
export interface ModelRequest {
  readonly classes: number;
  /** Height, width, channels of a picture. */
  readonly shape: readonly [number, number, number];
  /** null: f32 */
  readonly bits: LayerBits | null;
}

export type ModelFactory = (request: ModelRequest) => Module;

type ModelClass = new (request: ModelRequest) => unknown;

/** Pictures of this side or less have no pixels to lose in the first strides. */
const SMALL = 64;

export const MODELS: Readonly<Record<string, ModelFactory>> = {
  cnn: ({ classes, shape, bits }) => cnn({ classes, bits, channels: shape[2], size: [shape[0], shape[1]] }),
  resnet20: ({ classes, shape, bits }) => resnet20({ classes, bits, channels: shape[2] }),
  resnet56: ({ classes, shape, bits }) => resnet56({ classes, bits, channels: shape[2] }),
  mobilenetv2: ({ classes, shape, bits }) => mobilenetV2({ classes, bits, channels: shape[2], resolution: Math.max(shape[0], shape[1]) <= SMALL ? 'cifar' : 'imagenet' }),
};

/**
 * The network of a user's file: `exported` is what the file exports by default, a function of the request or a class whose constructor takes it.
 * Throws ERR_ARGUMENT naming `source` if it is neither or gives no Module.
 */
export function modelFromExport(exported: unknown, source: string, request: ModelRequest): Module {
  const op = `model "${source}"`;
  if (typeof exported !== 'function') {
    throw new DyadicError('ERR_ARGUMENT', { op, argument: 'default export', expected: 'a function ({ classes, shape, bits }) => Module, or a class of that constructor', received: exported === undefined ? 'none' : String(exported) });
  }
  const model: unknown = isClass(exported) ? new exported(request) : (exported as ModelFactory)(request);
  if (model instanceof Module) return model;
  const received = typeof model === 'object' && model !== null ? `an object of class ${model.constructor?.name ?? 'null'}` : String(model);
  const advice = looksLikeModule(model) ? '; its Module is that of another copy of dyadic' : '';
  throw new DyadicError('ERR_ARGUMENT', { op, argument: 'default export', expected: "a function that returns a Module of 'dyadic/train'", received: received + advice });
}

/** A class of modules, of this copy of dyadic or another: `forward` is of its instances. */
function isClass(exported: object): exported is ModelClass {
  const { prototype } = exported as { readonly prototype?: unknown };
  return typeof prototype === 'object' && prototype !== null && 'forward' in prototype;
}

function looksLikeModule(model: unknown): boolean {
  return typeof model === 'object' && model !== null && 'forward' in model && 'namedParameters' in model;
}
