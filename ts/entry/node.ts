/** Node and Bun: the modules are files of the package. */
import { readFile } from 'node:fs/promises';
import { setDefaultLoader } from '../wasm/loader.js';

// From ts/entry and from dist/entry alike.
setDefaultLoader((flavour) => new URL(`../../dist/wasm/${flavour}.wasm`, import.meta.url), readFile);

export * from '../index.js';
