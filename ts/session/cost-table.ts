/** Nanoseconds per unit of work, by what the engine makes of its instructions. `npm run tune` measures and rewrites a line. */
import type { CostTable } from './convolution-cost.js';

export const COST_TABLE: CostTable = {
  /* AMD EPYC, Node 24.21.0, 2026-11-21 */ vpdpbusd: {direct_i16: {products: 0.01646, input: 0.01302, output: 1.307, weights: 0.03268, fixed: 0}, direct_bytes: {products: 0.007633, input: 0.01752, output: 0.9442, weights: 0.03033, fixed: 70.01}, winograd_f23: {products: 0.009636, input: 0.1376, output: 0.5015, weights: 0.01761, fixed: 163.2}, winograd_f43: {products: 0.02407, input: 0.129, output: 0.4916, weights: 0.0146, fixed: 0}},
  /* AMD EPYC, Node 20.20.2, 2026-11-21 */ simd128: {direct_i16: {products: 0.01666, input: 0.1017, output: 1.214, weights: 0.03075, fixed: 0}, winograd_f43: {products: 0.02361, input: 0.2505, output: 0.3514, weights: 0.01973, fixed: 0}},
  /* AMD EPYC, Node 20.20.2, 2026-11-21 */ scalar: {direct_i16: {products: 0.1903, input: 0.3703, output: 3.79, weights: 0.01596, fixed: 66.66}, winograd_f43: {products: 0.2085, input: 2.26, output: 2.195, weights: 0, fixed: 0}},
  /* AMD EPYC, Node 22.23.3, 2026-11-21 */ pmaddubsw: {direct_i16: {products: 0.01676, input: 0.1082, output: 1.253, weights: 0.02762, fixed: 54.19}, direct_bytes: {products: 0.01665, input: 0.1131, output: 0.8621, weights: 0.0162, fixed: 209.1}, winograd_f23: {products: 0.01973, input: 0.2104, output: 0.4123, weights: 0.006035, fixed: 290.6}, winograd_f43: {products: 0.02256, input: 0.2244, output: 0.4765, weights: 0.01378, fixed: 0}},
};
