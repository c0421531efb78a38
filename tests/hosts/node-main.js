/** Node: the probe on the installed package; prints one line of JSON. */
import * as dyadic from 'dyadic';
import { readFileSync } from 'node:fs';
import { probe } from './probe.js';

const read = (name) => new Uint8Array(readFileSync(new URL(`./data/${name}`, import.meta.url)));
const result = await probe(dyadic, { dyad: read('model.dyad'), onnx: read('model.onnx'), images: read('images.f32'), calibration: read('calibration.f32') });
console.log(JSON.stringify({ version: process.version, ...result }));
