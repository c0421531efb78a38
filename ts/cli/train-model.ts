/** `--model NAME` or `--model FILE.js`. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DyadicError } from '../errors.js';
import { modelFromExport, type ModelRequest, MODELS } from '../train/models/model-factory.js';
import type { Module } from '../train/modules/module.js';
import { UsageError } from './arguments.js';
import { reasonOf } from './pictures.js';

const FILE = /\.[cm]?[jt]s$/;

/** Throws UsageError for a name that is no network and no file: before any data is read. */
export function checkModelName(model: string): void {
  if (Object.hasOwn(MODELS, model)) return;
  if (!FILE.test(model)) throw new UsageError(`--model is one of ${Object.keys(MODELS).join(', ')}, or a FILE.js, not "${model}"`);
  if (!existsSync(model)) throw new UsageError(`--model ${model}: no such file`);
}

/** A new network for this data; throws ERR_ARGUMENT for a file whose default export is no such function, ERR_FILE for one that cannot be loaded. */
export async function makeModel(model: string, request: ModelRequest): Promise<Module> {
  const known = Object.hasOwn(MODELS, model) ? MODELS[model] : undefined;
  if (known !== undefined) return known(request);
  let exported: { readonly default?: unknown };
  try {
    exported = (await import(pathToFileURL(resolve(model)).href)) as { readonly default?: unknown };
  } catch (cause) {
    throw new DyadicError('ERR_FILE', { op: 'train', argument: model, expected: 'a JavaScript module', received: reasonOf(cause), cause });
  }
  return modelFromExport(exported.default, model, request);
}
