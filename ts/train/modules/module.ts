/** Module: a piece of a network, written as in PyTorch: layers in fields, `forward` says how they are joined. */
import { DyadicError } from '../../errors.js';
import type { Value } from '../tape/node.js';
import { tapeOf } from '../tape/tape.js';
import { Parameter } from './parameter.js';

/**
 * ```ts
 * class Block extends Module {
 *   readonly conv = new Conv2d({ in: 16, out: 16, kernel: 3, padding: 1 });
 *   readonly norm = new BatchNorm2d(16);
 *   override forward(x: Value): Value {
 *     return relu(add(this.norm.forward(this.conv.forward(x)), x));
 *   }
 * }
 * ```
 * `forward` runs once per input shape and only records (see tape/node.ts); it must not depend on anything but its module. Parameters and modules are found in public
 * fields, and in arrays and Maps there. A module may be used several times: its weights are then shared, and their gradients add up, as in PyTorch.
 */
export abstract class Module {
  constructor() {
    // A module's forward, whoever calls it, runs inside the module's path: so names and errors can say where.
    const forward = this.forward as ((...inputs: Value[]) => Value) | undefined;
    const label = this.constructor.name;
    if (typeof forward !== 'function') throw new DyadicError('ERR_ARGUMENT', { op: label, argument: 'forward', expected: 'a method', received: typeof forward });
    const entered = (...inputs: Value[]): Value => tapeOf(inputs[0] as Value, `${label}.forward`, 'x').within(this, () => forward.apply(this, inputs));
    Object.defineProperty(this, 'forward', { value: entered });
  }

  /** Records what this module does to its input. */
  abstract forward(...inputs: Value[]): Value;

  /** Where modules and parameters are looked for: name and content. */
  fields(): Iterable<readonly [string, unknown]> {
    return Object.entries(this);
  }

  /** The modules directly below, by name: `conv1`, and `layer1.0` for the first of an array. */
  children(): Map<string, Module> {
    return new Map(contents(this).filter((entry): entry is [string, Module] => entry[1] instanceof Module));
  }

  /** This module ('') and all below, by dotted path; one that hangs in two places has its first name. */
  namedModules(): Map<string, Module> {
    const found = new Map<string, Module>();
    const seen = new Set<Module>();
    const visit = (module: Module, path: string): void => {
      if (seen.has(module)) return;
      seen.add(module);
      found.set(path, module);
      for (const [name, child] of module.children()) visit(child, join(path, name));
    };
    visit(this, '');
    return found;
  }

  /** Every parameter below, by dotted name as in PyTorch's state_dict, in the order of the fields; a shared one has its first name. */
  namedParameters(): Map<string, Parameter> {
    const found = new Map<string, Parameter>();
    const seen = new Set<Parameter>();
    for (const [path, module] of this.namedModules()) {
      for (const [name, parameter] of contents(module)) {
        if (!(parameter instanceof Parameter) || seen.has(parameter)) continue;
        seen.add(parameter);
        found.set(join(path, name), parameter);
      }
    }
    return found;
  }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** The modules and parameters in a module's fields, arrays and Maps opened. Throws ERR_ARGUMENT for two of one name. */
function contents(module: Module): [string, Module | Parameter][] {
  const found: [string, Module | Parameter][] = [];
  const look = (name: string, content: unknown): void => {
    if (content instanceof Module || content instanceof Parameter) found.push([name, content]);
    else if (Array.isArray(content)) content.forEach((item, index) => look(`${name}.${index}`, item));
    else if (content instanceof Map) for (const [key, item] of content) look(`${name}.${String(key)}`, item);
  };
  for (const [name, content] of module.fields()) look(name, content);
  const names = found.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new DyadicError('ERR_ARGUMENT', { op: module.constructor.name, argument: twice, expected: 'one module or parameter per name', received: 'two fields of that name' });
  return found;
}
