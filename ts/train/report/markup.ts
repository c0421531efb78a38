/** Text that is safe inside HTML and SVG, and numbers as a report prints them. */

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** A coordinate: two decimals are more than a screen shows. */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** 0.9123 → "91.2 %" */
export function percentText(fraction: number, digits = 1): string {
  return Number.isFinite(fraction) ? `${(fraction * 100).toFixed(digits)} %` : '–';
}

/** Ticks of shares on a logarithmic axis: 10 %, 0.01 %. */
export function sharePower(value: number): string {
  return `${Number((value * 100).toPrecision(3))} %`;
}

/** 12345.6 → "12,346" */
export function groupedText(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 4 min 5 s */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
