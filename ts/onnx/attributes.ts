/** A node's attributes, typed; what no handler asked for is reported as unsupported. */
import { DyadicError } from '../errors.js';
import type { AttributeProto, TensorProto } from './proto.js';
import { exactInteger } from './tensor.js';

/** AttributeProto.AttributeType, as far as import reads them; 0 is what old files leave unset. */
const TYPES = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const;

export class Attributes {
  private readonly byName = new Map<string, AttributeProto>();
  private readonly asked = new Set<string>();

  /** `label` names the node in errors. Throws ERR_ONNX_INVALID for a name that stands twice. */
  constructor(private readonly label: string, protos: readonly AttributeProto[]) {
    for (const proto of protos) {
      if (this.byName.has(proto.name)) throw this.invalid(proto.name, 'one attribute of that name', 'two');
      this.byName.set(proto.name, proto);
    }
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  float(name: string, fallback: number): number {
    return this.get(name, 'float')?.f ?? fallback;
  }

  int(name: string, fallback: number): number {
    const value = this.get(name, 'int')?.i;
    return value === undefined ? fallback : exactInteger(value, `${this.label}.${name}`);
  }

  string(name: string, fallback: string): string {
    return this.get(name, 'string')?.s ?? fallback;
  }

  ints(name: string): number[] | undefined {
    return this.get(name, 'ints')?.ints.map((value) => exactInteger(value, `${this.label}.${name}`));
  }

  floats(name: string): number[] | undefined {
    return this.get(name, 'floats')?.floats;
  }

  tensor(name: string): TensorProto | undefined {
    const proto = this.get(name, 'tensor');
    if (proto !== undefined && proto.t === undefined) throw this.invalid(name, 'a tensor', 'none');
    return proto?.t;
  }

  /** Attributes that mean nothing for inference. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.asked.add(name);
  }

  /** Attributes that stand in the file and were neither read nor ignored. */
  unread(): string[] {
    return [...this.byName.keys()].filter((name) => !this.asked.has(name));
  }

  private get(name: string, kind: keyof typeof TYPES): AttributeProto | undefined {
    const proto = this.byName.get(name);
    if (proto === undefined) return undefined;
    if (proto.type !== TYPES[kind] && proto.type !== 0) throw this.invalid(name, `an attribute of type ${kind}`, `type ${proto.type}`);
    if (proto.reference !== '') return undefined;
    this.asked.add(name);
    return proto;
  }

  private invalid(argument: string, expected: string, received: string): DyadicError {
    return new DyadicError('ERR_ONNX_INVALID', { op: this.label, argument, expected, received });
  }
}
