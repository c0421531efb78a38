/** `dyadic/train` in Node and Bun: the modules with the kernels of training are files of the package. */
import { setTrainingLoader } from '../wasm/loader.js';
import { readFile } from '../wasm/read-node-file.js';

// From ts/entry and from dist/entry alike.
setTrainingLoader((flavour) => new URL(`../../dist/wasm/train-${flavour}.wasm`, import.meta.url), readFile);

export * from '../train/index.js';
