/** The order of a step: stretches of kernels, what the host does between them, and kernels that run only when the host asks for them. */
import type { Assembler } from '../../session/assembler.js';
import type { ProgramMemory } from '../../session/program-memory.js';

/** Kernels [first, last) of a Program's step table. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
}

export type Segment<Run> = { readonly kind: 'kernels'; readonly stretch: Stretch } | { readonly kind: 'host'; readonly action: (run: Run) => void };

export class Schedule<Run> {
  readonly segments: Segment<Run>[] = [];
  readonly #assembler: Assembler;
  #open = 0;

  constructor(assembler: Assembler) {
    this.#assembler = assembler;
  }

  /** Ends a stretch here: a place where the host may take a turn. Returns how many segments there are. */
  cut(): number {
    const { position } = this.#assembler;
    if (position > this.#open) this.segments.push({ kind: 'kernels', stretch: { first: this.#open, last: position } });
    this.#open = position;
    return this.segments.length;
  }

  /** What the host does after the kernels so far. */
  host(action: (run: Run) => void): void {
    this.cut();
    this.segments.push({ kind: 'host', action });
  }

  /** Kernels that are no part of every step. */
  onRequest(emit: () => void): Stretch {
    this.cut();
    emit();
    const stretch = { first: this.#open, last: this.#assembler.position };
    this.#open = stretch.last;
    return stretch;
  }
}

/** Runs kernels, of both sorts: integer kernels run in a float range too. */
export function runStretch(memory: ProgramMemory, { first, last }: Stretch): void {
  if (last > first) memory.run([{ first, last, float: true }]);
}
