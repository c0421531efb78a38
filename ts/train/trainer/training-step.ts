/** What a run tells while it goes on. */
import type { LayerGradientReport, WatchOptions } from '../program/training-program.js';
import type { TrainingData } from '../data/open-data.js';

/** One step that is done. */
export interface TrainingStep {
  /** Counts from 0. */
  readonly epoch: number;
  /** Counts from 0, over all epochs. */
  readonly step: number;
  /** Steps in all epochs. */
  readonly steps: number;
  /** Mean over the batch. */
  readonly loss: number;
  /** Share of the batch that was classified right, 0 to 1; 0 with meanSquaredError(), where only evaluate() counts. */
  readonly accuracy: number;
  readonly imagesPerSecond: number;
  readonly secondsLeft: number;
  /** Of the weights. */
  readonly learningRate: number;
  /** One for each quantized layer. */
  readonly layers: readonly LayerGradientReport[];
  /** On the last step of an epoch. */
  readonly epochEnd?: EpochReport;
}

/** Loss and accuracy (0 to 1) over a set of samples. */
export interface Evaluation {
  readonly loss: number;
  readonly accuracy: number;
}

/** One epoch that is over; loss and accuracy are means over its batches while they were trained on. */
export interface EpochReport extends Evaluation {
  readonly epoch: number;
  readonly validation?: Evaluation;
  /** Whether the validation is the best so far. */
  readonly isBest: boolean;
}

export interface SavedCheckpoint {
  readonly bytes: Uint8Array;
  /** Epochs and steps that are over. */
  readonly epoch: number;
  readonly step: number;
  readonly reason: 'epoch' | 'step' | 'aborted';
}

export interface CheckpointOptions {
  /** Keeps the bytes; the run waits for it. What it throws ends fit(), and the trainer can go on from there. */
  readonly save: (checkpoint: SavedCheckpoint) => void | Promise<void>;
  /** After every so many epochs: 1, if not given. */
  readonly everyEpochs?: number;
  /** And after every so many steps. */
  readonly everySteps?: number;
}

export interface FitOptions {
  /** How many epochs the run shall have in all; those done before count. */
  readonly epochs: number;
  /** Ends the run with ERR_ABORTED after the step that is under way; the state is that of a whole step. `checkpoint.save` is called first. */
  readonly signal?: AbortSignal;
  /** Evaluated after every epoch; the parameters of the best epoch are kept. */
  readonly validation?: TrainingData;
  readonly checkpoint?: CheckpointOptions;
  /** Measures more in every `every`-th step (1, if not given). */
  readonly watch?: WatchOptions & { readonly every?: number };
}

export interface TrainerEvents {
  step: TrainingStep;
  epoch: EpochReport;
  checkpoint: SavedCheckpoint;
}
