/** How far a run has come: plain numbers, so that a checkpoint holds them. */

/** Of an epoch whose validation was the best so far. */
export interface BestEpoch {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
}

export interface Progress {
  /** Epochs that are over. */
  readonly epoch: number;
  /** Steps of the running epoch that are done. All of them: only its validation is missing. */
  readonly stepInEpoch: number;
  /** Of the running epoch, as the data gave it; 0 before the first step. */
  readonly stepsPerEpoch: number;
  /** Steps in all. */
  readonly step: number;
  /** Steps in all that moved parameters. */
  readonly updates: number;
  /** Sums over the running epoch: loss · samples, right ones, samples. */
  readonly lossSum: number;
  readonly correct: number;
  readonly samples: number;
  readonly best: BestEpoch | null;
}

export const BEGINNING: Progress = { epoch: 0, stepInEpoch: 0, stepsPerEpoch: 0, step: 0, updates: 0, lossSum: 0, correct: 0, samples: 0, best: null };

/** After one more step. */
export function afterStep(progress: Progress, { loss, correct, samples, hasUpdated }: { readonly loss: number; readonly correct: number; readonly samples: number; readonly hasUpdated: boolean }): Progress {
  return {
    ...progress,
    stepInEpoch: progress.stepInEpoch + 1,
    step: progress.step + 1,
    updates: progress.updates + Number(hasUpdated),
    lossSum: progress.lossSum + loss * samples,
    correct: progress.correct + correct,
    samples: progress.samples + samples,
  };
}

/** After the running epoch. */
export function afterEpoch(progress: Progress, best: BestEpoch | null): Progress {
  return { ...progress, epoch: progress.epoch + 1, stepInEpoch: 0, lossSum: 0, correct: 0, samples: 0, best };
}

/** More right ones; of equals, the smaller loss. */
export function isBetter(epoch: BestEpoch, best: BestEpoch | null): boolean {
  return best === null || epoch.accuracy > best.accuracy || (epoch.accuracy === best.accuracy && epoch.loss < best.loss);
}
