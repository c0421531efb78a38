/** A line chart in an <svg> of 300×170, drawn anew whenever there is more to see. */
const [LEFT, RIGHT, TOP, BOTTOM] = [40, 296, 8, 148];

/**
 * @param {SVGElement} svg
 * @param {{ line: number[][], dots?: number[][], steps: number | undefined, top: number, format: (value: number) => string }} what points [step, value] with values from 0 to `top`;
 * how many steps the run has, once that is known
 */
export function drawChart(svg, { line, dots = [], steps = 1, top, format }) {
  const x = (step) => (LEFT + ((RIGHT - LEFT) * step) / steps).toFixed(1);
  const y = (value) => (BOTTOM - ((BOTTOM - TOP) * Math.min(value, top)) / top).toFixed(1);
  const grid = [0, top / 2, top].map((value) => `<path class="grid" d="M${LEFT} ${y(value)}H${RIGHT}"/><text x="${LEFT - 6}" y="${Number(y(value)) + 4}" text-anchor="end">${format(value)}</text>`);
  const end = line.length === 0 ? '' : `${steps.toLocaleString('en')} steps`;
  const axis = `<text x="${LEFT}" y="165">0</text><text x="${RIGHT}" y="165" text-anchor="end">${end}</text>`;
  const path = `<path class="line" d="${line.map(([step, value], i) => `${i === 0 ? 'M' : 'L'}${x(step)} ${y(value)}`).join('')}"/>`;
  svg.innerHTML = [...grid, axis, path, ...dots.map(([step, value]) => `<circle class="dot" cx="${x(step)}" cy="${y(value)}" r="4"/>`)].join('');
}
