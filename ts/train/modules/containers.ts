import { DyadicError } from '../../errors.js';
import type { Value } from '../tape/node.js';
import { checkOptionNames } from '../option-names.js';
import { add } from '../tape/ops/add.js';
import { flatten } from '../tape/ops/flatten.js';
import { type OptionAShortcutArguments, optionAShortcut } from '../tape/ops/option-a-shortcut.js';
import { checkSize, readPair } from '../tape/window.js';
import { Module } from './module.js';

function checkModule(module: unknown, op: string, argument: string): void {
  if (module instanceof Module) return;
  throw new DyadicError('ERR_ARGUMENT', { op, argument, expected: 'a Module', received: typeof module === 'object' ? `an object of class ${module?.constructor?.name ?? 'null'}` : String(module) });
}

/** Modules one after the other; their names are 0, 1, …, as in PyTorch. Throws ERR_ARGUMENT. */
export class Sequential extends Module {
  readonly modules: readonly Module[];

  constructor(...modules: readonly Module[]) {
    super();
    modules.forEach((module, index) => checkModule(module, 'Sequential', `modules[${index}]`));
    this.modules = modules;
  }

  override fields(): Iterable<readonly [string, unknown]> {
    return this.modules.map((module, index) => [String(index), module] as const);
  }

  override forward(x: Value): Value {
    return this.modules.reduce((value, module) => module.forward(value), x);
  }
}

/** body(x) + shortcut(x); without a shortcut, body(x) + x. Throws ERR_ARGUMENT. */
export class Residual extends Module {
  readonly body: Module;
  readonly shortcut: Module | null;

  constructor(body: Module, shortcut: Module | null = null) {
    super();
    checkModule(body, 'Residual', 'body');
    if (shortcut !== null) checkModule(shortcut, 'Residual', 'shortcut');
    this.body = body;
    this.shortcut = shortcut;
  }

  override forward(x: Value): Value {
    return add(this.body.forward(x), this.shortcut === null ? x : this.shortcut.forward(x));
  }
}

/** [N, H, W, C] → [N, C·H·W], channel first as in ONNX. */
export class Flatten extends Module {
  override forward(x: Value): Value {
    return flatten(x);
  }
}

/** He et al.'s shortcut A: every stride-th pixel, zero channels on both sides. Throws ERR_ARGUMENT. */
export class OptionAShortcut extends Module {
  readonly options: OptionAShortcutArguments;

  constructor(options: OptionAShortcutArguments) {
    super();
    checkOptionNames(options, ['channels', 'stride'] satisfies (keyof OptionAShortcutArguments)[], 'OptionAShortcut');
    checkSize(options.channels, 1, 'OptionAShortcut', 'channels');
    readPair(options.stride, 'OptionAShortcut', 'stride');
    this.options = options;
  }

  override forward(x: Value): Value {
    return optionAShortcut(x, this.options);
  }
}
