/** Prints the hash of the bits after 20 steps for the flavours that this host has: `{ "simd128": "…" }`. */
import { FLAVOURS } from '../../engine/flavours.js';
import { bitsAfter20Steps } from './real-run.js';

const hashes: Record<string, string> = {};
for (const flavour of FLAVOURS) hashes[flavour] = await bitsAfter20Steps(flavour);
process.stdout.write(JSON.stringify(hashes));
