/** Work in turns: the host gets one at least every few milliseconds, however short or long the single pieces of work are. */
import { DyadicError } from '../../errors.js';
import { yieldToHost } from '../../session/yield-to-host.js';

/** Half a frame of a screen. */
const TURN_MILLISECONDS = 8;

export class Turns {
  #began = performance.now();
  #stopped = false;

  /** Lets the running work end with ERR_DISPOSED at its next turn. */
  stop(): void {
    this.#stopped = true;
  }

  /** Gives the host a turn if ours has lasted long enough. */
  async share(): Promise<void> {
    if (performance.now() - this.#began < TURN_MILLISECONDS) return;
    await yieldToHost();
    this.#began = performance.now();
    if (this.#stopped) throw new DyadicError('ERR_DISPOSED', { op: 'trainer', expected: 'to be used before dispose()', received: 'a disposed one' });
  }

  /** Runs `work` to its end. */
  async run<T>(work: Generator<void, T, void>): Promise<T> {
    try {
      await this.share();
      for (;;) {
        const { done, value } = work.next();
        if (done === true) return value;
        await this.share();
      }
    } finally {
      // If it did not get to its end, it tidies up.
      work.return(undefined as T);
    }
  }
}
