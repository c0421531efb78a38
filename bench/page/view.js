/** What the page shows: facts, and a table for each number of the rows. */

const TITLES = {
  1: 'INT4 3×3 convolutions', 2: 'INT8 3×3 convolutions', 3: 'Products: codes 0..127 by 8 bits, and 8 by 4 bits', 4: 'Products: 8 bits full range, and 4 bits', 5: '1×1 convolutions',
  6: 'Depthwise convolutions', 7: 'First convolutions of networks', 9: 'ResNet-18 at 224²', 10: 'MobileNetV2 at 224²', more: 'In float, to compare',
};
const OPERANDS = { f32: 'f32', n8: 'n8 × i8', int8: 'u8 × i8', s8: 'i8 × i8', w4a8: 'u8 × i4', int4: 'u4 × i4', fast: 'u8 × i8, fast' };
const INSTRUCTIONS = { relaxed_dot: 'relaxed dot product', i16_dot: 'dot product of i16', f32_mul_add: 'f32 multiply and add' };

const figure = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

export function setState(text) {
  document.querySelector('#state').textContent = text;
}

export function setFacts({ flavour, lowering, peak, peakOf }) {
  const browser = /(Firefox|Edg|Chrome|Version)\/[\d.]+/.exec(navigator.userAgent)?.[0].replace('/', ' ').replace('Version', 'Safari') ?? navigator.userAgent;
  const facts = [
    ['Browser', browser],
    ['Flavour', lowering === 'none' ? flavour : `${flavour}, ${lowering}`],
    [`Peak: ${INSTRUCTIONS[peakOf]}`, peak === null ? 'not built: npm run bench:page builds it' : `${figure(peak)} GMAC/s`],
    ['Date', new Date().toISOString().slice(0, 10)],
  ];
  const list = document.querySelector('#facts');
  for (const [name, value] of facts) list.append(element('dt', name), element('dd', value));
  // Name and value are one cell of the grid.
  const pairs = [...list.children];
  for (let i = 0; i < pairs.length; i += 2) {
    const cell = document.createElement('div');
    cell.append(pairs[i], pairs[i + 1]);
    list.append(cell);
  }
}

function element(tag, text, className = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== '') made.className = className;
  return made;
}

/** The body of a number's table; made when its first row comes, in the order of the numbers. */
function tableOf(number, unit) {
  const id = `rows-${number}`;
  const existing = document.getElementById(id);
  if (existing !== null) return existing;
  const head = element('tr', '');
  for (const [text, className] of [['Shape', ''], ['Operands', ''], [unit, ''], ['Milliseconds', ''], ['Share of the peak', 'share'], ['Kernels', 'kernels']]) {
    const cell = element('th', text, className);
    cell.scope = 'col';
    head.append(cell);
  }
  const table = document.createElement('table');
  table.createTHead().append(head);
  const body = table.createTBody();
  body.id = id;
  const scroll = element('div', '', 'scroll');
  scroll.append(table);
  const section = document.createElement('section');
  section.dataset.order = number === 'more' ? Infinity : number;
  section.append(element('h2', TITLES[number] ?? ''), scroll);
  const groups = document.querySelector('#groups');
  groups.insertBefore(section, [...groups.children].find(({ dataset }) => Number(dataset.order) > Number(section.dataset.order)) ?? null);
  return body;
}

/** `row` says what was measured, `figures` what came of it. */
export function addRow({ id, number, variant }, { value, unit, milliseconds, ratio, kernels = [], dot }) {
  const line = tableOf(number, unit).insertRow();
  const shape = element('th', id.split('/')[1].replaceAll('x', '×').replace(/-(\d+)/, ' → $1').replace('-s2', ', stride 2'));
  shape.scope = 'row';
  const share = element('td', ratio === null ? '–' : ratio.toFixed(2), 'share');
  if (ratio !== null) share.append(bar(ratio));
  const how = `${kernels.join(' ')}${dot === null || dot === undefined ? '' : `, ${dot}`}`;
  line.append(shape, element('td', OPERANDS[variant]), element('td', figure(value)), element('td', figure(milliseconds)), share, element('td', how, 'kernels'));
}

function bar(ratio) {
  const track = element('span', '', 'track');
  const fill = document.createElement('i');
  fill.style.width = `${Math.min(100, 50 * ratio)}%`;
  track.append(fill);
  return track;
}
