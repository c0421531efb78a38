/** Types of read.mjs. */
export declare const PREPROCESS: import('../../ts/integer/integer-graph.js').Preprocess;
export declare function readFashion(part: 'train' | 'test' | 'calibration'): { images: Uint8Array[]; labels: Uint8Array };
export declare function normalise(pixels: Uint8Array): Float32Array;
export declare function fashionDataset(part: 'train' | 'test'): import('../../ts/train/data/dataset.js').Dataset;
