/** `dyadic/train` in Cloudflare Workers: the modules are compiled when the Worker is deployed. */
import relaxed from '../wasm/train-relaxed.wasm';
import scalar from '../wasm/train-scalar.wasm';
import simd128 from '../wasm/train-simd128.wasm';
import { setTrainingLoader } from '../wasm/loader.js';

setTrainingLoader((flavour) => ({ relaxed, simd128, scalar })[flavour]);

export * from '../train/index.js';
