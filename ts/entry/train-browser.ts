/** `dyadic/train` in browsers and bundlers, which find the modules by the literal arguments of these URLs. */
import { setTrainingLoader } from '../wasm/loader.js';

const relaxed = (): URL => new URL('../wasm/train-relaxed.wasm', import.meta.url);
const simd128 = (): URL => new URL('../wasm/train-simd128.wasm', import.meta.url);
const scalar = (): URL => new URL('../wasm/train-scalar.wasm', import.meta.url);
setTrainingLoader((flavour) => ({ relaxed, simd128, scalar })[flavour]());

export * from '../train/index.js';
