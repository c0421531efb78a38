/** Values of options as they were typed. */

/**
 * cac makes numbers of what looks like one: `--size 0x5` would be 5, and `-o 1e3` a file called 1000. Puts the words of the command line back into `options`,
 * under all names of an option; `names` has those of each. What was given several times stays as it is: it is refused anyway.
 */
export function restoreSpelling(words: readonly string[], options: Record<string, unknown>, names: readonly (readonly string[])[]): void {
  words.forEach((word, i) => {
    const match = /^--?([^=-][^=]*)(?:=(.*))?$/.exec(word);
    const text = match?.[2] ?? words[i + 1];
    const name = match?.[1]?.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    if (name === undefined || text === undefined) return;
    for (const alias of names.find((group) => group.includes(name)) ?? []) {
      if (typeof options[alias] === 'number' && Number(text) === options[alias]) options[alias] = text;
    }
  });
}
