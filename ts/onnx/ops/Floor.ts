import { foldUnary } from './arithmetic.js';

export const importFloor = foldUnary(Math.floor);
