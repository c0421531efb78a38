import { foldBinary } from './arithmetic.js';

/** Integers round towards zero. */
export const importDiv = foldBinary((a, b) => a / b, (a, b) => Math.trunc(a / b));
