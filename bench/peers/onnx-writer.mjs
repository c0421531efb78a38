/** Writes ONNX models: the few messages of its protobuf that single operations need. */

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** TensorProto.DataType */
export const DATA_TYPE = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7 };

/** AttributeProto.AttributeType */
const INT = 2;
const INTS = 7;

const IR_VERSION = 8;
const OPSET = 17;

function varint(value) {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes = [];
  do {
    const byte = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? byte | 128 : byte);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

function integer(field, value) {
  return message(varint(field * 8 + VARINT), varint(value));
}

/** A string, bytes or a message. */
function block(field, content) {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return message(varint(field * 8 + LENGTH_DELIMITED), varint(bytes.length), bytes);
}

/** Pieces, also lists of them, one after the other. */
function message(...parts) {
  const pieces = parts.flat(Infinity);
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** TensorProto with raw data. `data` is a typed array of that type. */
function tensorProto({ name, type, shape, data }) {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message(shape.map((size) => integer(1, size)), integer(2, DATA_TYPE[type]), block(8, name), block(9, raw));
}

/** ValueInfoProto: a name, an element type and a shape. */
function valueInfoProto({ name, type, shape }) {
  const dimensions = message(shape.map((size) => block(1, integer(1, size))));
  const tensorType = message(integer(1, DATA_TYPE[type]), block(2, dimensions));
  return message(block(1, name), block(2, block(1, tensorType)));
}

/** AttributeProto: a whole number or a list of them. */
function attributeProto([name, value]) {
  if (Array.isArray(value)) return message(block(1, name), value.map((item) => integer(8, item)), integer(20, INTS));
  return message(block(1, name), integer(3, value), integer(20, INT));
}

function nodeProto({ op, inputs, outputs, attributes = {} }) {
  return message(
    inputs.map((input) => block(1, input)),
    outputs.map((output) => block(2, output)),
    block(3, outputs[0]),
    block(4, op),
    Object.entries(attributes).map((attribute) => block(5, attributeProto(attribute))),
  );
}

/**
 * The bytes of a model.
 * @param nodes `{ op, inputs, outputs, attributes }` in execution order
 * @param tensors constants, `{ name, type, shape, data }`
 * @param inputs @param outputs `{ name, type, shape }`
 */
export function onnxModel({ nodes, tensors, inputs, outputs }) {
  const graph = message(
    nodes.map((node) => block(1, nodeProto(node))),
    block(2, 'bench'),
    tensors.map((tensor) => block(5, tensorProto(tensor))),
    inputs.map((value) => block(11, valueInfoProto(value))),
    outputs.map((value) => block(12, valueInfoProto(value))),
  );
  const operators = message(block(1, ''), integer(2, OPSET));
  return message(integer(1, IR_VERSION), block(7, graph), block(8, operators));
}
