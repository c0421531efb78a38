/** A command line that says something else than it should: option, what was expected, what came. */
export class OptionError extends Error {
  constructor(option, expected, received) {
    super(`--${option}: expected ${expected}, received "${received}"`);
    this.option = option;
  }
}
