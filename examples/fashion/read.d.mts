/** Types of read.mjs. */
export declare const PREPROCESS: import('../../ts/integer/integer-graph.js').Preprocess;
export declare function readFashion(part: 'test' | 'calibration'): { images: Uint8Array[]; labels: Uint8Array };
export declare function normalise(pixels: Uint8Array): Float32Array;
