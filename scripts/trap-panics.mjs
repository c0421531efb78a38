/**
 * node scripts/trap-panics.mjs module.wasm: panics become bare traps. What they would say is formatted for nobody, since no host is told.
 *
 * Replaces the bodies of libcore's panics in a module that still has its names. wasm-opt then drops their arguments at every call, the place in the source
 * above all, and the code that formats: 3 KB of a module of inference, compressed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import binaryen from 'binaryen';
import { mainProgram, say } from './process.mjs';

/** Where checks end: bounds of slices, `expect`, `assert!`, division by zero. */
const PANICS = /\bpanicking::|\bslice_index_fail|\bexpect_failed|\bunwrap_failed/;

function trapPanics(path) {
  const module = binaryen.readBinary(new Uint8Array(readFileSync(path)));
  const functions = Array.from({ length: module.getNumFunctions() }, (_, i) => module.getFunctionByIndex(i));
  const panics = functions.filter((one) => PANICS.test(binaryen.Function.getName(one)));
  // Another Rust may call them otherwise: its module is as right, and larger.
  if (panics.length === 0) return say('panics', `${path} names no function of libcore that panics, so it keeps them`);
  for (const one of panics) binaryen.Function.setBody(one, module.unreachable());
  writeFileSync(path, module.emitBinary());
}

await mainProgram(() => trapPanics(process.argv[2]));
