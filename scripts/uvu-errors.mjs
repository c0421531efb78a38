/**
 * Loaded before every test file. uvu prints the `details` of an error as one text; those of a DyadicError are a list, on which uvu's reporter breaks off
 * in the middle of its run, without a word and with exit code 0. This gives lists the one method that it calls.
 */
Object.defineProperty(Array.prototype, 'split', {
  value(separator) {
    return this.join('\n').split(separator);
  },
});
