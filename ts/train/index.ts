/** `dyadic/train`: train networks with 4-bit weights, activations and gradients, then compile them to integer-only ones. */
export { createTrainEngine } from './trainer/create-train-engine.js';
export type { Dataset, Normalization } from './data/dataset.js';
export type { GradientDecision, GradientPolicy, GradientState, GradientStatistics } from './gradient/policy.js';
export type { Engine, EngineOptions, Flavour } from '../wasm/engine.js';
export { DyadicError } from '../errors.js';
export type { ErrorCode, ErrorDetail } from '../errors.js';
