/** A line chart as inline SVG. Colours and dashes come from the page's style by series number, so that one drawing serves light and dark. */
import type { AxisScale } from './axis-scale.js';
import { escapeMarkup, px } from './markup.js';

export interface LineSeries {
  readonly name: string;
  /** Which colour and dash: the arm's number. */
  readonly style: number;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChart {
  /** Distinguishes the ids of one page. */
  readonly id: string;
  readonly title: string;
  /** What a reader who cannot see the lines should know. */
  readonly description: string;
  readonly x: { readonly label: string; readonly scale: AxisScale };
  readonly y: { readonly label: string; readonly scale: AxisScale };
  readonly series: readonly LineSeries[];
  /** Names at the ends of the lines. */
  readonly namesAtEnds?: boolean;
  /** Dots on the points. */
  readonly dots?: boolean;
  /** A level to compare with. */
  readonly rule?: { readonly value: number; readonly label: string };
  readonly size: 'large' | 'small';
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Drawn about as wide as they appear, so that 11 units of text are about 11 pixels. */
const FRAMES: Readonly<Record<LineChart['size'], Frame>> = {
  large: { width: 420, height: 270, left: 46, right: 14, top: 30, bottom: 42 },
  small: { width: 208, height: 132, left: 48, right: 8, top: 22, bottom: 22 },
};
const LABEL_LETTER = 6.2;
const LABEL_HEIGHT = 13;

export function lineChart(chart: LineChart): string {
  const frame = frameOf(chart);
  const x = (value: number): number => frame.left + chart.x.scale.at(value) * (frame.width - frame.left - frame.right);
  const y = (value: number): number => frame.height - frame.bottom - chart.y.scale.at(value) * (frame.height - frame.top - frame.bottom);
  const lines = chart.series.map(({ style, points }) => polyline(points.map(([a, b]) => [x(a), y(b)] as const), style, chart.dots === true));
  return svgFigure(chart, frame, [
    yAxis(chart, frame, y),
    xAxis(chart, frame, x),
    ruleLine(chart, frame, y),
    ...lines,
    chart.namesAtEnds === true ? endNames(chart.series, frame, x, y) : '',
  ]);
}

function frameOf({ size, series, namesAtEnds }: LineChart): Frame {
  const frame = FRAMES[size];
  if (namesAtEnds !== true) return frame;
  const longest = Math.max(0, ...series.map(({ name }) => name.length));
  return { ...frame, right: 14 + Math.min(90, longest * LABEL_LETTER) };
}

/** The frame that every drawing has: a title and description for screen readers, a heading for the others. */
export function svgFigure({ id, title, description, size }: Pick<LineChart, 'id' | 'title' | 'description' | 'size'>, { width, height }: Pick<Frame, 'width' | 'height'>, parts: readonly string[]): string {
  return (
    `<svg class="${size}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">` +
    `<title id="${id}-t">${escapeMarkup(title)}</title><desc id="${id}-d">${escapeMarkup(description)}</desc>` +
    `<text class="heading" x="0" y="${size === 'large' ? 14 : 12}">${escapeMarkup(title)}</text>${parts.join('')}</svg>`
  );
}

function yAxis({ y: { label, scale }, size }: LineChart, frame: Frame, y: (value: number) => number): string {
  const grid = scale.ticks.map(({ value, text }) => {
    const at = px(y(value));
    return `<line class="grid" x1="${frame.left}" x2="${px(frame.width - frame.right)}" y1="${at}" y2="${at}"/><text class="tick" x="${frame.left - 5}" y="${at}" dy=".35em" text-anchor="end">${escapeMarkup(text)}</text>`;
  });
  const name = size === 'large' && label !== '' ? `<text class="axis" x="${frame.width - frame.right}" y="14" text-anchor="end">${escapeMarkup(label)}</text>` : '';
  return grid.join('') + name;
}

function xAxis({ x: { label, scale }, size }: LineChart, frame: Frame, x: (value: number) => number): string {
  const base = frame.height - frame.bottom;
  const ticks = scale.ticks.map(({ value, text }) => {
    const at = px(x(value));
    return `<line class="mark" x1="${at}" x2="${at}" y1="${base}" y2="${base + 4}"/><text class="tick" x="${at}" y="${base + 15}" text-anchor="middle">${escapeMarkup(text)}</text>`;
  });
  const name = size === 'large' ? `<text class="axis" x="${px((frame.left + frame.width - frame.right) / 2)}" y="${frame.height - 6}" text-anchor="middle">${escapeMarkup(label)}</text>` : '';
  return `<line class="base" x1="${frame.left}" x2="${px(frame.width - frame.right)}" y1="${base}" y2="${base}"/>${ticks.join('')}${name}`;
}

function ruleLine({ rule, size }: LineChart, frame: Frame, y: (value: number) => number): string {
  if (rule === undefined) return '';
  const at = px(y(rule.value));
  const label = size === 'large' ? `<text class="tick" x="${frame.left + 4}" y="${px(y(rule.value) - 4)}">${escapeMarkup(rule.label)}</text>` : '';
  return `<line class="rule" x1="${frame.left}" x2="${px(frame.width - frame.right)}" y1="${at}" y2="${at}"/>${label}`;
}

/** A number that is none breaks the line. */
function polyline(points: readonly (readonly [number, number])[], style: number, dots: boolean): string {
  let path = '';
  let isPenDown = false;
  for (const [x, y] of points) {
    const isPoint = Number.isFinite(x) && Number.isFinite(y);
    if (isPoint) path += `${isPenDown ? 'L' : 'M'}${px(x)} ${px(y)}`;
    isPenDown = isPoint;
  }
  const last = points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  const marked = dots ? last : last.length === 1 ? last : [];
  const circles = marked.map(([x, y]) => `<circle class="dot s${style}" cx="${px(x)}" cy="${px(y)}" r="2.6"/>`).join('');
  return path === '' ? '' : `<path class="line s${style}" d="${path}"/>${circles}`;
}

/** The names of the lines right of their ends, pushed apart where they would overlap. */
function endNames(series: readonly LineSeries[], frame: Frame, x: (value: number) => number, y: (value: number) => number): string {
  const ends = series.flatMap(({ name, style, points }) => {
    const end = points.filter((point) => point.every(Number.isFinite)).at(-1);
    return end === undefined ? [] : [{ name, style, x: x(end[0]), wanted: y(end[1]) }];
  });
  const heights = apart(ends.map(({ wanted }) => wanted), LABEL_HEIGHT, frame.top, frame.height - frame.bottom);
  return ends.map(({ name, style, x: at }, i) => `<text class="name s${style}" x="${px(at + 6)}" y="${px(heights[i]!)}" dy=".35em">${escapeMarkup(name)}</text>`).join('');
}

/** Positions as near as possible to those wanted, `gap` apart, between `from` and `to` if there is room. */
export function apart(wanted: readonly number[], gap: number, from: number, to: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  const placed = [...wanted];
  let free = from;
  for (const i of order) {
    placed[i] = Math.max(free, wanted[i]!);
    free = placed[i]! + gap;
  }
  let roof = to;
  for (const i of order.reverse()) {
    placed[i] = Math.min(roof, placed[i]!);
    roof = placed[i]! - gap;
  }
  return placed;
}
