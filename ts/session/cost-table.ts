/** Nanoseconds per unit of work, by what the engine makes of its instructions. `npm run tune` measures and rewrites a line. */
import type { CostTable } from './convolution-cost.js';

export const COST_TABLE: CostTable = {
  /* AMD EPYC, Node 24.21.0, 2026-11-21 */ vpdpbusd: {direct_i16: {products: 0.01534, input: 0.184, output: 1.193, weights: 0.1074, fixed: 0}, direct_bytes: {products: 0.007025, input: 0.1091, output: 0.7252, weights: 0.04119, fixed: 143}, winograd_f23: {products: 0.008132, input: 0.02468, output: 0.1939, weights: 0.1567, fixed: 795.4}, winograd_f43: {products: 0.015, input: 0.2516, output: 0.3752, weights: 0.3356, fixed: 548.6}},
  /* AMD EPYC, Node 20.20.2, 2026-11-21 */ simd128: {direct_i16: {products: 0.01816, input: 0.1079, output: 0.4915, weights: 0.0662, fixed: 252.8}, direct_paired: {products: 0.01165, input: 0.09789, output: 0.7301, weights: 0.02734, fixed: 270.6}, winograd_f23: {products: 0.02029, input: 0.01671, output: 0.2068, weights: 0.16, fixed: 1004}, winograd_f43: {products: 0.01975, input: 0.1155, output: 0.2218, weights: 0.2591, fixed: 453.6}},
  /* AMD EPYC, Node 20.20.2, 2026-11-21 */ scalar: {direct_i16: {products: 0.1903, input: 0.3703, output: 3.79, weights: 0.01596, fixed: 66.66}, winograd_f43: {products: 0.2085, input: 2.26, output: 2.195, weights: 3.2, fixed: 0}},
  /* AMD EPYC, Node 22.23.3, 2026-11-21 */ pmaddubsw: {direct_i16: {products: 0.01676, input: 0.1082, output: 1.253, weights: 0.02762, fixed: 54.19}, direct_bytes: {products: 0.01665, input: 0.1131, output: 0.8621, weights: 0.0162, fixed: 209.1}, winograd_f23: {products: 0.01973, input: 0.2104, output: 0.4123, weights: 0.1567, fixed: 290.6}, winograd_f43: {products: 0.01935, input: 0.114, output: 0.1961, weights: 0.244, fixed: 428.6}},
};
