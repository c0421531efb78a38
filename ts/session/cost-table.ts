/** Nanoseconds per unit of work, by what the engine makes of its instructions. `npm run tune` measures and rewrites a line. */
import type { CostTable } from './convolution-cost.js';

export const COST_TABLE: CostTable = {
  /* AMD EPYC, Node 24.21.0, 2026-11-21 */ vpdpbusd: {direct_i16: {products: 0.01689, input: 0.09672, output: 0.5019, weights: 0.08181, fixed: 113.9}, direct_bytes: {products: 0.007534, input: 0.07093, output: 0.4978, weights: 0.0354, fixed: 152.4}, winograd_f23: {products: 0.008363, input: 0.03132, output: 0.1317, weights: 0.06057, fixed: 170.1}, winograd_f43: {products: 0.01864, input: 0.1169, output: 0.2225, weights: 0.2567, fixed: 465}},
  /* AMD EPYC, Node 20.20.2, 2026-11-21 */ simd128: {direct_i16: {products: 0.01685, input: 0.1055, output: 0.6399, weights: 0.07315, fixed: 122.6}, direct_paired: {products: 0.01083, input: 0.09292, output: 0.8042, weights: 0.03445, fixed: 181.7}, winograd_f23: {products: 0.02026, input: 0.04209, output: 0.1388, weights: 0.05788, fixed: 158.6}, winograd_f43: {products: 0.01813, input: 0.1268, output: 0.2591, weights: 0.3161, fixed: 225.8}},
  /* AMD EPYC, Node 20.20.2, 2026-11-21 */ scalar: {direct_i16: {products: 0.1903, input: 0.3703, output: 3.79, weights: 0.01596, fixed: 66.66}, winograd_f43: {products: 0.2085, input: 2.26, output: 2.195, weights: 3.2, fixed: 0}},
  /* AMD EPYC, Node 22.23.3, 2026-11-21 */ pmaddubsw: {direct_i16: {products: 0.01676, input: 0.1082, output: 1.253, weights: 0.02762, fixed: 54.19}, direct_bytes: {products: 0.01665, input: 0.1131, output: 0.8621, weights: 0.0162, fixed: 209.1}, winograd_f23: {products: 0.01973, input: 0.2104, output: 0.4123, weights: 0.006035, fixed: 290.6}, winograd_f43: {products: 0.01935, input: 0.114, output: 0.1961, weights: 0.244, fixed: 428.6}},
};
