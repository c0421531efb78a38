/** Which instruction an engine uses for the relaxed dot product, told by its answer for an operand that WebAssembly leaves open. */
import type { Abi } from './abi.js';
import type { Lowering } from './engine.js';

/** 4 · 127 · 255, 4 · 127 · −1, and 2 · 127 · 255 saturated to 16 bits, twice. */
const ANSWERS: Readonly<Record<number, Lowering>> = { 129540: 'vpdpbusd', [-508]: 'sdot', 65534: 'pmaddubsw', 0: 'none' };

export function askLowering(abi: Abi): Lowering {
  return ANSWERS[abi.relaxed_dot(127, 255)] ?? 'other';
}

/** Whether relaxed dot products are worth more than those of i16. */
export function isFast(lowering: Lowering): boolean {
  return lowering === 'vpdpbusd' || lowering === 'sdot';
}

/** (module (func (param v128) (result v128) local.get 0 local.get 0 local.get 0 i32x4.relaxed_dot_i8x16_i7x16_add_s)) */
const RELAXED_MODULE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x06, 0x01, 0x60, 0x01, 0x7b, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20, 0x00, 0x20, 0x00, 0xfd, 0x93, 0x02, 0x0b],
);

/** Whether the engine knows the instruction at all: spares the download of a module that would not compile. It proves nothing else. */
export function knowsRelaxed(): boolean {
  return WebAssembly.validate(RELAXED_MODULE);
}
