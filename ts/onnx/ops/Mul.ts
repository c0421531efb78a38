import { foldBinary } from './arithmetic.js';

export const importMul = foldBinary((a, b) => a * b);
