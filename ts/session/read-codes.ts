/** Copies between the arena and row-major arrays of the host. */
import type { Engine } from '../wasm/engine.js';
import { Container } from '../wasm/params.js';
import { elementCount } from '../graph/shape.js';
import { forEachRun, type Layout } from './layout.js';

/** The stored elements of a value as the numbers they are; a view of the arena. */
function codeView(engine: Engine, address: number, layout: Layout): Uint8Array | Int8Array | Int16Array {
  const bytes = engine.bytes(address, layout.elements * layout.elementBytes);
  if (layout.container === Container.i16) return new Int16Array(bytes.buffer, bytes.byteOffset, layout.elements);
  if (layout.container === Container.i8) return new Int8Array(bytes.buffer, bytes.byteOffset, layout.elements);
  return bytes;
}

/** A row-major copy of a value's codes. */
export function readCodes(engine: Engine, address: number, layout: Layout): Int32Array {
  const stored = codeView(engine, address, layout);
  const codes = new Int32Array(elementCount(layout.shape));
  forEachRun(layout, (offset, index, length, stride) => {
    for (let i = 0; i < length; i++) codes[index + i] = stored[offset + i * stride] as number;
  });
  return codes;
}

/** Writes row-major codes into a value; pad channels stay as they are. */
export function writeCodes(engine: Engine, address: number, layout: Layout, codes: ArrayLike<number>): void {
  const stored = codeView(engine, address, layout);
  forEachRun(layout, (offset, index, length, stride) => {
    for (let i = 0; i < length; i++) stored[offset + i * stride] = codes[index + i] as number;
  });
}
