/**
 * ONNX's protobuf messages, as far as import needs them, read with pbf. Every message is read from its own bounds-checked view, so that a
 * damaged length cannot reach past its parent; nothing is allocated from a count in the file, only from bytes that are there.
 */
import type { PbfReader } from 'pbf';
import { DyadicError } from '../errors.js';

/** pbf's reader class: passed in, because pbf is loaded only when something is imported. */
export type ReaderClass = new (bytes: Uint8Array) => PbfReader;

export interface TensorProto {
  name: string;
  dims: number[];
  dataType: number;
  raw: Uint8Array | undefined;
  /** float_data, int32_data, int64_data, double_data or uint64_data, whichever the file holds. */
  floats: number[];
  int32s: number[];
  int64s: number[];
  doubles: number[];
  uint64s: number[];
  external: boolean;
}

export interface AttributeProto {
  name: string;
  type: number;
  reference: string;
  f: number;
  i: number;
  s: string;
  t: TensorProto | undefined;
  floats: number[];
  ints: number[];
  strings: string[];
}

export interface NodeProto {
  name: string;
  opType: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: AttributeProto[];
}

/** A dimension: a number, or the name of a symbol ('' where nothing is said). */
export type Dimension = number | string;

export interface ValueInfoProto {
  name: string;
  /** 0 where the value is no tensor. */
  elementType: number;
  /** undefined where the file does not give one. */
  shape: Dimension[] | undefined;
}

export interface GraphProto {
  name: string;
  nodes: NodeProto[];
  initializers: TensorProto[];
  sparseInitializers: number;
  inputs: ValueInfoProto[];
  outputs: ValueInfoProto[];
}

export interface ModelProto {
  irVersion: number;
  opsets: { domain: string; version: number }[];
  graph: GraphProto | undefined;
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Reads a whole model. Throws ERR_ONNX_PARSE for whatever is no well-formed protobuf of this schema. */
export function readModel(bytes: Uint8Array, Reader: ReaderClass): ModelProto {
  return guarded(() => new ProtoReader(Reader).model(bytes));
}

/** Reads one tensor, as ONNX's test data has them in files of their own. Throws ERR_ONNX_PARSE. */
export function readTensor(bytes: Uint8Array, Reader: ReaderClass): TensorProto {
  return guarded(() => new ProtoReader(Reader).tensor(bytes));
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DyadicError) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    throw new DyadicError('ERR_ONNX_PARSE', { op: 'importOnnx', argument: 'bytes', expected: 'an ONNX file', received: `damaged protobuf (${cause})`, cause: error });
  }
}

/** Thrown inside and turned into ERR_ONNX_PARSE by guarded(). */
class Malformed extends Error {}

class ProtoReader {
  constructor(private readonly Reader: ReaderClass) {}

  model(bytes: Uint8Array): ModelProto {
    const model: ModelProto = { irVersion: 0, opsets: [], graph: undefined };
    this.fields(bytes, 'ModelProto', (tag, pbf) => {
      if (tag === 1) model.irVersion = integer(pbf);
      else if (tag === 8) model.opsets.push(this.opset(view(pbf)));
      else if (tag === 7) model.graph = this.graph(view(pbf));
    });
    return model;
  }

  /** Runs `read` on every field of one message and checks that the message ends where its bytes end. */
  private fields(bytes: Uint8Array, message: string, read: (tag: number, pbf: PbfReader) => void): void {
    const pbf = new this.Reader(bytes);
    pbf.readFields<null>((tag) => read(tag, pbf), null);
    if (pbf.pos !== bytes.length) throw new Malformed(`${message} ends at byte ${pbf.pos} of ${bytes.length}`);
  }

  private opset(bytes: Uint8Array): { domain: string; version: number } {
    const opset = { domain: '', version: 0 };
    this.fields(bytes, 'OperatorSetIdProto', (tag, pbf) => {
      if (tag === 1) opset.domain = text(pbf);
      else if (tag === 2) opset.version = integer(pbf);
    });
    return opset;
  }

  private graph(bytes: Uint8Array): GraphProto {
    const graph: GraphProto = { name: '', nodes: [], initializers: [], sparseInitializers: 0, inputs: [], outputs: [] };
    this.fields(bytes, 'GraphProto', (tag, pbf) => {
      if (tag === 1) graph.nodes.push(this.node(view(pbf)));
      else if (tag === 2) graph.name = text(pbf);
      else if (tag === 5) graph.initializers.push(this.tensor(view(pbf)));
      else if (tag === 11) graph.inputs.push(this.valueInfo(view(pbf)));
      else if (tag === 12) graph.outputs.push(this.valueInfo(view(pbf)));
      else if (tag === 15) graph.sparseInitializers++;
    });
    return graph;
  }

  private node(bytes: Uint8Array): NodeProto {
    const node: NodeProto = { name: '', opType: '', domain: '', inputs: [], outputs: [], attributes: [] };
    this.fields(bytes, 'NodeProto', (tag, pbf) => {
      if (tag === 1) node.inputs.push(text(pbf));
      else if (tag === 2) node.outputs.push(text(pbf));
      else if (tag === 3) node.name = text(pbf);
      else if (tag === 4) node.opType = text(pbf);
      else if (tag === 5) node.attributes.push(this.attribute(view(pbf)));
      else if (tag === 7) node.domain = text(pbf);
    });
    return node;
  }

  private attribute(bytes: Uint8Array): AttributeProto {
    const attribute: AttributeProto = { name: '', type: 0, reference: '', f: 0, i: 0, s: '', t: undefined, floats: [], ints: [], strings: [] };
    this.fields(bytes, 'AttributeProto', (tag, pbf) => {
      if (tag === 1) attribute.name = text(pbf);
      else if (tag === 2) attribute.f = float(pbf);
      else if (tag === 3) attribute.i = integer(pbf);
      else if (tag === 4) attribute.s = text(pbf);
      else if (tag === 5) attribute.t = this.tensor(view(pbf));
      else if (tag === 7) this.packed(pbf, FIXED32, attribute.floats, float);
      else if (tag === 8) this.packed(pbf, VARINT, attribute.ints, integer);
      else if (tag === 9) attribute.strings.push(text(pbf));
      else if (tag === 20) attribute.type = integer(pbf);
      else if (tag === 21) attribute.reference = text(pbf);
    });
    return attribute;
  }

  tensor(bytes: Uint8Array): TensorProto {
    const tensor: TensorProto = { name: '', dims: [], dataType: 0, raw: undefined, floats: [], int32s: [], int64s: [], doubles: [], uint64s: [], external: false };
    this.fields(bytes, 'TensorProto', (tag, pbf) => {
      if (tag === 1) this.packed(pbf, VARINT, tensor.dims, integer);
      else if (tag === 2) tensor.dataType = integer(pbf);
      else if (tag === 4) this.packed(pbf, FIXED32, tensor.floats, float);
      else if (tag === 5) this.packed(pbf, VARINT, tensor.int32s, integer);
      else if (tag === 7) this.packed(pbf, VARINT, tensor.int64s, integer);
      else if (tag === 8) tensor.name = text(pbf);
      else if (tag === 9) tensor.raw = view(pbf);
      else if (tag === 10) this.packed(pbf, FIXED64, tensor.doubles, double);
      else if (tag === 11) this.packed(pbf, VARINT, tensor.uint64s, unsigned);
      else if (tag === 13 || (tag === 14 && integer(pbf) === 1)) tensor.external = true;
    });
    return tensor;
  }

  /** A repeated number: packed into one field, or one field each. */
  private packed(pbf: PbfReader, wireType: number, list: number[], read: (pbf: PbfReader) => number): void {
    if (pbf.type !== BYTES) {
      expectType(pbf, wireType);
      list.push(read(pbf));
      return;
    }
    const bytes = view(pbf);
    const inner = new this.Reader(bytes);
    while (inner.pos < bytes.length) {
      inner.type = wireType;
      list.push(read(inner));
    }
    if (inner.pos !== bytes.length) throw new Malformed('a packed list ends inside a number');
  }

  private valueInfo(bytes: Uint8Array): ValueInfoProto {
    const info: ValueInfoProto = { name: '', elementType: 0, shape: undefined };
    this.fields(bytes, 'ValueInfoProto', (tag, pbf) => {
      if (tag === 1) info.name = text(pbf);
      else if (tag === 2) {
        this.fields(view(pbf), 'TypeProto', (kind, type) => {
          if (kind === 1) this.tensorType(view(type), info);
        });
      }
    });
    return info;
  }

  private tensorType(bytes: Uint8Array, info: ValueInfoProto): void {
    this.fields(bytes, 'TypeProto.Tensor', (tag, pbf) => {
      if (tag === 1) info.elementType = integer(pbf);
      else if (tag === 2) {
        const shape: Dimension[] = [];
        this.fields(view(pbf), 'TensorShapeProto', (field, dims) => {
          if (field === 1) shape.push(this.dimension(view(dims)));
        });
        info.shape = shape;
      }
    });
  }

  private dimension(bytes: Uint8Array): Dimension {
    let dimension: Dimension = '';
    this.fields(bytes, 'Dimension', (tag, pbf) => {
      if (tag === 1) dimension = integer(pbf);
      else if (tag === 2) dimension = text(pbf);
    });
    return dimension;
  }
}

function expectType(pbf: PbfReader, wireType: number): void {
  if (pbf.type !== wireType) throw new Malformed(`wire type ${pbf.type} where ${wireType} belongs`);
}

/** The bytes of a length-delimited field: a view, never longer than what is there. */
function view(pbf: PbfReader): Uint8Array {
  expectType(pbf, BYTES);
  const length = pbf.readVarint();
  const start = pbf.pos;
  if (!(start + length <= pbf.length)) throw new Malformed(`a field of ${length} bytes where ${pbf.length - start} are left`);
  pbf.pos = start + length;
  return pbf.buf.subarray(start, start + length);
}

const decoder = new TextDecoder('utf-8');

function text(pbf: PbfReader): string {
  return decoder.decode(view(pbf));
}

/** A signed 64-bit number as a double: exact within ±2^53, rounded beyond (constants.ts decides what that means). */
function integer(pbf: PbfReader): number {
  expectType(pbf, VARINT);
  return inside(pbf, pbf.readVarint(true));
}

function unsigned(pbf: PbfReader): number {
  expectType(pbf, VARINT);
  return inside(pbf, pbf.readVarint());
}

/** pbf reads a varint past the end as if zeros followed; such a number is refused. */
function inside(pbf: PbfReader, value: number): number {
  if (pbf.pos > pbf.length || value === undefined) throw new Malformed('a number that is cut off');
  return value;
}

function float(pbf: PbfReader): number {
  expectType(pbf, FIXED32);
  return pbf.readFloat();
}

function double(pbf: PbfReader): number {
  expectType(pbf, FIXED64);
  return pbf.readDouble();
}
