/** How fast a run is: for the eyes only, nothing that is saved depends on it. */

/** How much of the average a new step replaces, at least. */
const NEW_SHARE = 0.1;

export class Stopwatch {
  readonly #begin = performance.now();
  #stepBegin = 0;
  #secondsPerImage = 0;
  #steps = 0;

  beginStep(): void {
    this.#stepBegin = performance.now();
  }

  endStep(images: number): void {
    const seconds = (performance.now() - this.#stepBegin) / 1000 / images;
    // The first step compiles its program and says little of the others: the second takes its place, then it is a mean, in the end a moving one.
    const share = Math.max(NEW_SHARE, 1 / Math.max(1, this.#steps));
    this.#secondsPerImage += share * (seconds - this.#secondsPerImage);
    this.#steps++;
  }

  get imagesPerSecond(): number {
    return 1 / Math.max(this.#secondsPerImage, 1e-9);
  }

  /** By the mean of the steps so far, with all that happened between them. */
  secondsLeft(steps: number): number {
    return (((performance.now() - this.#begin) / 1000) * steps) / Math.max(1, this.#steps);
  }
}
