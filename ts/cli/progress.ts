/** One line on stderr that rewrites itself, when stderr is a terminal; nothing otherwise. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #shown = '';

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** Shows `label 3/100`; ends of the count stay until the next update or clear(). */
  update(label: string, done: number, total: number): void {
    if (!this.#stream.isTTY) return;
    const text = `${label} ${done}/${total}`;
    if (text === this.#shown) return;
    this.#shown = text;
    this.#stream.write(`\r\x1b[K${text}`);
  }

  /** Removes the line, so that what is printed next starts clean. */
  clear(): void {
    if (this.#shown === '') return;
    this.#shown = '';
    this.#stream.write('\r\x1b[K');
  }
}
