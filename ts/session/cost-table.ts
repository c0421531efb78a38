/** Nanoseconds per unit of work, by what the engine makes of its instructions. `npm run tune` measures and rewrites a line. */
import type { CostTable } from './convolution-cost.js';

export const COST_TABLE: CostTable = {
  /* AMD EPYC, Node 24.21.0, 2026-11-21 */ vpdpbusd: {direct_i16: {products: 0.01613, input: 0.07702, output: 0.6044, weights: 0.03677, fixed: 15.21}, direct_bytes: {products: 0.007336, input: 0.0694, output: 0.4793, weights: 0.03317, fixed: 124.6}, winograd_f23: {products: 0.0078, input: 0.05, output: 0.085, weights: 0.03, fixed: 240}, winograd_f43: {products: 0.02446, input: 0.2235, output: 0.3614, weights: 0.02093, fixed: 0}},
  /* AMD EPYC, Node 20.20.2, 2026-11-21 */ simd128: {direct_i16: {products: 0.01646, input: 0.1358, output: 0.2055, weights: 0.07701, fixed: 141.8}, direct_paired: {products: 0.01098, input: 0.1249, output: 0.309, weights: 0.03228, fixed: 312.9}, winograd_f23: {products: 0.01914, input: 0.1, output: 0.145, weights: 0.04, fixed: 300}, winograd_f43: {products: 0.02434, input: 0.2952, output: 0.404, weights: 0.02721, fixed: 0}},
  /* AMD EPYC, Node 20.20.2, 2026-11-21 */ scalar: {direct_i16: {products: 0.1903, input: 0.3703, output: 3.79, weights: 0.01596, fixed: 66.66}, winograd_f43: {products: 0.2085, input: 2.26, output: 2.195, weights: 0, fixed: 0}},
  /* AMD EPYC, Node 22.23.3, 2026-11-21 */ pmaddubsw: {direct_i16: {products: 0.01676, input: 0.1082, output: 1.253, weights: 0.02762, fixed: 54.19}, direct_bytes: {products: 0.01665, input: 0.1131, output: 0.8621, weights: 0.0162, fixed: 209.1}, winograd_f23: {products: 0.01973, input: 0.2104, output: 0.4123, weights: 0.006035, fixed: 290.6}, winograd_f43: {products: 0.02256, input: 0.2244, output: 0.4765, weights: 0.01378, fixed: 0}},
};
