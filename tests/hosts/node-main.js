/** Node: the installed package; prints one line of JSON. */
import * as dyadic from 'dyadic';
import * as train from 'dyadic/train';
import { readFileSync } from 'node:fs';
import { everything } from './everything.js';

const result = await everything(dyadic, train, (name) => new Uint8Array(readFileSync(new URL(`./data/${name}`, import.meta.url))));
console.log(JSON.stringify({ version: process.version, ...result }));
