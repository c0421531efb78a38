import { foldBinary } from './arithmetic.js';

export const importSub = foldBinary((a, b) => a - b);
