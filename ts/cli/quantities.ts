/** Numbers as people read them in tables and messages. */

/** 1234567 → "1,234,567" */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Bytes: "812 B", "35.4 kB", "1.24 MB" (decimal, as file managers and networks count). */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  return value < 1e6 ? `${(value / 1e3).toFixed(1)} kB` : `${(value / 1e6).toFixed(2)} MB`;
}

/** Multiplications: "903 k", "1.35 M", "4.09 G". */
export function multiplications(value: number): string {
  if (value < 1000) return String(value);
  if (value < 1e6) return `${(value / 1e3).toFixed(0)} k`;
  return value < 1e9 ? `${(value / 1e6).toFixed(2)} M` : `${(value / 1e9).toFixed(2)} G`;
}

/** 0.9534 → "95.3 %" */
export function percent(fraction: number, digits = 1): string {
  return `${(fraction * 100).toFixed(digits)} %`;
}

/** Decibels; infinite when nothing was lost. */
export function decibels(value: number): string {
  return value === Infinity ? 'exact' : Number.isNaN(value) ? '–' : `${value.toFixed(1)} dB`;
}

/** [1, 3, 28, 28] → "1×3×28×28"; a scalar is "scalar". */
export function dimensions(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join('×');
}
