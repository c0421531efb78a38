/** Cloudflare Workers: the modules are compiled when the Worker is deployed. */
import relaxed from '../wasm/relaxed.wasm';
import scalar from '../wasm/scalar.wasm';
import simd128 from '../wasm/simd128.wasm';
import { setDefaultLoader } from '../wasm/loader.js';

setDefaultLoader((flavour) => ({ relaxed, simd128, scalar })[flavour]);

export * from '../index.js';
