/** What a command line holds, checked: everything a person can mistype is a UsageError that says what was expected. */

/** A mistake in the command line itself: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Options as cac gives them: text, numbers where it looks like one, true without a value, arrays when given twice. */
export type RawOptions = Readonly<Record<string, unknown>>;

/** The text of `--name`, or undefined. */
export function textOption(options: RawOptions, name: string): string | undefined {
  const value = options[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value)) throw new UsageError(`--${dashed(name)} is given ${value.length} times`);
  if (typeof value === 'boolean' || value === '') throw new UsageError(`--${dashed(name)} needs a value`);
  return String(value);
}

/** `weightDecay` as it is typed: `weight-decay`. */
export function dashed(name: string): string {
  return name.length === 1 ? name : name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** One of `choices`, or undefined. */
export function optionalChoice<T extends string>(options: RawOptions, name: string, choices: readonly T[]): T | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text.toLowerCase());
  if (found === undefined) throw new UsageError(`--${dashed(name)} is one of ${choices.join(', ')}, not "${text}"`);
  return found;
}

/** One of `choices`; `otherwise` if the option is not given. */
export function choiceOption<T extends string>(options: RawOptions, name: string, choices: readonly T[], otherwise: T): T {
  return optionalChoice(options, name, choices) ?? otherwise;
}

/** A whole number, at least `least`. */
export function wholeOption(options: RawOptions, name: string, least: number): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new UsageError(`--${dashed(name)} is a whole number of at least ${least}, not "${text}"`);
  return value;
}

/** A number from `least` to `most`. */
export function numberOption(options: RawOptions, name: string, least: number, most: number): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value >= least && value <= most)) throw new UsageError(`--${dashed(name)} is a number from ${least} to ${most}, not "${text}"`);
  return value;
}

/** A number within (0, 100]. */
export function percentileOption(options: RawOptions, name: string): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 50 && value <= 100)) throw new UsageError(`--${dashed(name)} lies above 50 and up to 100, not "${text}"`);
  return value;
}

/** Numbers separated by commas, such as a mean per channel. */
export function numbersOption(options: RawOptions, name: string): readonly number[] | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (values.some((value) => !Number.isFinite(value))) throw new UsageError(`--${dashed(name)} is numbers separated by commas, not "${text}"`);
  return values;
}

/** "224" or "320x240" (width × height) as [height, width]. */
export function sizeOption(options: RawOptions, name: string): readonly [number, number] | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const match = /^(\d{1,5})(?:[x×](\d{1,5}))?$/i.exec(text);
  const width = Number(match?.[1]);
  const height = Number(match?.[2] ?? match?.[1]);
  if (match === null || width < 1 || height < 1) throw new UsageError(`--${dashed(name)} is WIDTHxHEIGHT or one number, not "${text}"`);
  return [height, width];
}
