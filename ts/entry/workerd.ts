/** Cloudflare Workers: the modules are compiled when the Worker is deployed. */
import scalar from '../wasm/scalar.wasm';
import simd128 from '../wasm/simd128.wasm';
import { setDefaultLoader } from '../wasm/loader.js';

setDefaultLoader((flavour) => (flavour === 'simd128' ? simd128 : scalar));

export * from '../index.js';
