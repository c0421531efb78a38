/** Browsers and bundlers, which find the modules by the literal arguments of these URLs. */
import { setDefaultLoader } from '../wasm/loader.js';

const relaxed = (): URL => new URL('../wasm/relaxed.wasm', import.meta.url);
const simd128 = (): URL => new URL('../wasm/simd128.wasm', import.meta.url);
const scalar = (): URL => new URL('../wasm/scalar.wasm', import.meta.url);
setDefaultLoader((flavour) => ({ relaxed, simd128, scalar })[flavour]());

export * from '../index.js';
