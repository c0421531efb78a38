/** How the sizes of one gradient lie: bars of |G|/max on a logarithmic count, and where the interval ends. */
import { svgFigure } from './line-chart.js';
import { escapeMarkup, groupedText, percentText, px } from './markup.js';

export interface HistogramChart {
  readonly id: string;
  readonly title: string;
  /** The arm's number. */
  readonly style: number;
  /** Counts of equal bins of [0, 1]. */
  readonly bins: readonly number[];
  /** clip/max: what lies beyond is clipped. */
  readonly gamma: number;
  readonly clipped: number;
}

const WIDTH = 220;
const HEIGHT = 124;
const LEFT = 34;
const RIGHT = 6;
const TOP = 24;
const BOTTOM = 22;

export function histogramChart({ id, title, style, bins, gamma, clipped }: HistogramChart): string {
  const most = Math.max(1, ...bins);
  const decades = Math.max(1, Math.ceil(Math.log10(most)));
  const base = HEIGHT - BOTTOM;
  const x = (value: number): number => LEFT + value * (WIDTH - LEFT - RIGHT);
  const y = (count: number): number => base - (Math.log10(count * 1.25) / (decades + 0.1)) * (base - TOP); // a single one is seen, too
  const bars = bins.map((count, i) => (count === 0 ? '' : `M${px(x(i / bins.length))} ${base}V${px(y(count))}H${px(x((i + 1) / bins.length) - 0.4)}V${base}z`)).join('');
  const every = Math.max(1, Math.ceil(decades / 3));
  const powers = Array.from({ length: Math.floor(decades / every) + 1 }, (_, i) => i * every);
  const grid = powers.map((power) => {
    const at = px(y(10 ** power));
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/><text class="tick" x="${LEFT - 4}" y="${at}" dy=".35em" text-anchor="end">${powerText(power)}</text>`;
  });
  const ticks = [0, 0.5, 1].map((value) => `<text class="tick" x="${px(x(value))}" y="${base + 14}" text-anchor="${value === 1 ? 'end' : value === 0 ? 'start' : 'middle'}">${value}</text>`);
  const beyond = gamma < 1 ? `<rect class="beyond" x="${px(x(gamma))}" y="${TOP}" width="${px(x(1) - x(gamma))}" height="${base - TOP}"/>` : '';
  const isNear = gamma > 0.7;
  const end = `<line class="clip s${style}" x1="${px(x(gamma))}" x2="${px(x(gamma))}" y1="${TOP - 4}" y2="${base}"/><text class="gamma" x="${px(x(gamma) + (isNear ? -4 : 4))}" y="${TOP + 6}" text-anchor="${isNear ? 'end' : 'start'}">γ ${gamma.toFixed(2)}</text>`;
  const total = bins.reduce((sum, count) => sum + count, 0);
  const description = `${groupedText(total)} gradients by size, counted on a logarithmic axis. The interval ends at ${gamma.toFixed(3)} of the largest; ${percentText(clipped, 4)} are clipped.`;
  return svgFigure({ id, title, description, size: 'small' }, { width: WIDTH, height: HEIGHT }, [
    ...grid,
    beyond,
    `<path class="bars s${style}" d="${bars}"/>`,
    `<line class="base" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${base}" y2="${base}"/>`,
    end,
    ...ticks,
  ]);
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function powerText(power: number): string {
  return escapeMarkup(power < 2 ? String(10 ** power) : `10${String(power).replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)]!)}`);
}
