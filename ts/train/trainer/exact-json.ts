/** JSON that gives every number back as it was: JSON itself writes −0 as 0, and NaN and the infinities as null. */

const SPECIAL = ['-0', 'NaN', 'Infinity', '-Infinity'] as const;
const MARK = '#';

export function toExactJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === 'string' && item.startsWith(MARK)) return MARK + item;
    if (typeof item !== 'number' || (Number.isFinite(item) && !Object.is(item, -0))) return item;
    return MARK + (Object.is(item, -0) ? '-0' : String(item));
  });
}

/** Throws SyntaxError for what is no JSON. */
export function fromExactJson(text: string): unknown {
  return JSON.parse(text, (_, item: unknown) => {
    if (typeof item !== 'string' || !item.startsWith(MARK)) return item;
    const rest = item.slice(MARK.length);
    return (SPECIAL as readonly string[]).includes(rest) ? Number(rest) : rest;
  });
}
