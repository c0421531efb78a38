/** Nanoseconds per unit of work, by what the engine makes of its instructions. `npm run tune` measures and rewrites a line. */
import type { CostTable } from './convolution-cost.js';

export const COST_TABLE: CostTable = {
  /* AMD EPYC, Node 24.21.0, 2026-11-21 */ vpdpbusd: {direct_i16: {products: 0.01772, input: 0.1124, output: 0.3783, weights: 0.07774, fixed: 266.9}, direct_bytes: {products: 0.007418, input: 0.06373, output: 0.4933, weights: 0.03303, fixed: 334.5}, winograd_f23: {products: 0.008326, input: 0.02735, output: 0.1796, weights: 0.1655, fixed: 813.3}, winograd_f43: {products: 0.01873, input: 0.1287, output: 0.2346, weights: 0.2525, fixed: 393}},
  /* AMD EPYC, Node 20.20.2, 2026-11-21 */ simd128: {direct_i16: {products: 0.01686, input: 0.1212, output: 0.6769, weights: 0.08667, fixed: 290.4}, direct_paired: {products: 0.01102, input: 0.1052, output: 0.8452, weights: 0.02992, fixed: 420.4}, winograd_f23: {products: 0.01959, input: 0.09926, output: 0.1478, weights: 0.2205, fixed: 930.2}, winograd_f43: {products: 0.01834, input: 0.1066, output: 0.2647, weights: 0.1693, fixed: 585.4}},
  /* AMD EPYC, Node 20.20.2, 2026-11-21 */ scalar: {direct_i16: {products: 0.1903, input: 0.3703, output: 3.79, weights: 0.01596, fixed: 66.66}, winograd_f43: {products: 0.2085, input: 2.26, output: 2.195, weights: 3.2, fixed: 0}},
  /* AMD EPYC, Node 22.23.3, 2026-11-21 */ pmaddubsw: {direct_i16: {products: 0.01735, input: 0.1289, output: 0.6011, weights: 0.08875, fixed: 241.7}, direct_bytes: {products: 0.01967, input: 0.1039, output: 0.7669, weights: 0.02386, fixed: 428.5}, winograd_f23: {products: 0.02159, input: 0.03082, output: 0.188, weights: 0.1594, fixed: 746}, winograd_f43: {products: 0.0184, input: 0.1378, output: 0.2428, weights: 0.2609, fixed: 405.4}},
};
