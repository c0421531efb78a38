/** One step while it runs: what the host's turns may read and write. */
import type { ProgramMemory } from '../../session/program-memory.js';
import type { Engine } from '../../wasm/engine.js';
import type { GradientPolicy } from '../gradient/policy.js';
import type { GradientDecisions } from './gradient-decisions.js';
import type { ModelState } from './model-state.js';
import { runStretch, type Stretch } from './schedule.js';
import type { WatchOptions } from './training-program.js';

export interface StepRun {
  readonly engine: Engine;
  readonly memory: ProgramMemory;
  readonly state: ModelState;
  readonly policy: GradientPolicy;
  readonly step: number;
  readonly watch: WatchOptions;
  /** What was decided in this step so far; it becomes the model's state when the step is done. */
  readonly decisions: GradientDecisions;
  /** Throws ERR_TRAINING: a gradient is no number. Names the layer where the trouble began. */
  refuseGradient(layer: string, received: string): never;
}

/** Runs kernels that are no part of every step. */
export function request({ memory }: StepRun, stretch: Stretch): void {
  runStretch(memory, stretch);
}
