/** Node and Bun: the modules are files of the package. */
import { setDefaultLoader } from '../wasm/loader.js';
import { readFile } from '../wasm/read-node-file.js';

// From ts/entry and from dist/entry alike.
setDefaultLoader((flavour) => new URL(`../../dist/wasm/${flavour}.wasm`, import.meta.url), readFile);

export * from '../index.js';
