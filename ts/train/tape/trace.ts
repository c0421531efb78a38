import { DyadicError } from '../../errors.js';
import { Module } from '../modules/module.js';
import { Tape } from './tape.js';

/**
 * Records `model` for one input shape, [batch, height, width, channels] or [batch, features].
 * Throws ERR_ARGUMENT or ERR_SHAPE naming operation, module path, argument, what was expected and what came.
 */
export function trace(model: Module, shape: readonly number[]): Tape {
  if (!(model instanceof Module)) {
    throw new DyadicError('ERR_ARGUMENT', { op: 'trace', argument: 'model', expected: 'a Module of this copy of dyadic', received: describe(model) });
  }
  const modules = model.namedModules();
  const tape = new Tape(shape, {
    modules: new Map([...modules].map(([path, module]) => [module, path])),
    parameters: model.namedParameters(),
    composites: new Set([...modules.values()].filter((module) => module.children().size > 0)),
  });
  tape.finish(model.forward(tape.input));
  return tape;
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return `an object of class ${value.constructor?.name ?? 'null'}`;
}
