/** How a report looks. Colours are told apart with every kind of colour vision (after Okabe and Ito), darker or lighter by theme; dashes tell the same again. */

/** Per arm: on light, on dark, and the dashes of its line. */
const ARMS: readonly (readonly [light: string, dark: string, dashes: string])[] = [
  ['#0067a8', '#5cb8f0', 'none'],
  ['#c24e00', '#f5945a', '6 2.5'],
  ['#00805a', '#3fc99b', '2 2'],
  ['#a1447f', '#e59bc8', '8 2 2 2'],
  ['#7a6200', '#dcc04a', '4 1.5'],
  ['#4d5560', '#b4bcc8', '10 3'],
];

const KNOWN_ARMS = ['interval', 'minmax', 'mse', 'dsgc', 'dai8', 'f32'];

/** Every method has one colour in all reports; others take what is left, and begin again where nothing is. */
export function armStyles(names: readonly string[]): number[] {
  const fixed = names.map((name, i) => (names.indexOf(name) === i ? KNOWN_ARMS.indexOf(name) : -1));
  const free = ARMS.map((_, style) => style).filter((style) => !fixed.includes(style));
  let next = 0;
  return fixed.map((style) => (style >= 0 ? style : free.length > 0 ? free[next++ % free.length]! : next++ % ARMS.length));
}

function variables(theme: 0 | 1): string {
  return ARMS.map((arm, i) => `--s${i}:${arm[theme]}`).join(';');
}

const LIGHT = `--paper:#fff;--ink:#1d2126;--soft:#5a626d;--line:#dde1e6;--base:#8a929c;--wash:#f5f6f8;--beyond:#e7e9ed;${variables(0)}`;
const DARK = `--paper:#14171b;--ink:#e8eaed;--soft:#a0a8b2;--line:#2c323a;--base:#69717c;--wash:#1b1f25;--beyond:#2b3038;${variables(1)}`;

const ARM_RULES = ARMS.map((arm, i) => `.line.s${i}{stroke:var(--s${i});stroke-dasharray:${arm[2]}}.dot.s${i},.bars.s${i},.name.s${i}{fill:var(--s${i})}.clip.s${i}{stroke:var(--s${i})}`).join('\n');

export const STYLE = `:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{max-width:62rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.75rem;line-height:1.2;font-weight:650;letter-spacing:-.015em;margin:0 0 .5rem;text-wrap:balance}
h2{font-size:1.2rem;line-height:1.3;font-weight:620;margin:3rem 0 .35rem}
h3{font-size:1rem;font-weight:600;margin:1.5rem 0 .5rem}
p{margin:0 0 1rem;max-width:44rem;text-wrap:pretty}
.lead,.note,figcaption{color:var(--soft)}
.note,figcaption{font-size:.875rem}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em}
dl.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,12rem),1fr));gap:.75rem 1.5rem;margin:1.5rem 0 0;padding:1rem 1.25rem;background:var(--wash);border-radius:.5rem}
dl.facts dt{font-size:.8125rem;color:var(--soft)}
dl.facts dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9375rem;width:100%}
caption{text-align:left;color:var(--soft);font-size:.875rem;padding-bottom:.25rem}
th,td{padding:.4rem .75rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
thead th{font-weight:500;font-size:.8125rem;color:var(--soft);vertical-align:bottom;border-bottom-color:var(--base);white-space:normal}
th:first-child,td:first-child{text-align:left;padding-left:0}
tbody th{font-weight:600}
th:last-child,td:last-child{padding-right:0}
ul.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:.75rem 0;padding:0;font-size:.9375rem}
ul.legend li{display:flex;align-items:center;gap:.5rem}
ul.legend svg{width:2rem;height:.75rem;flex:none}
figure{margin:1rem 0 0}
.large-grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1.75rem 2rem}
.small-grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(47%,11.5rem),1fr));gap:1rem 1.1rem}
svg.large,svg.small{display:block;width:100%;height:auto;overflow:visible}
svg text{font-family:inherit;fill:var(--ink)}
svg .heading{font-weight:600;font-size:12.5px}
svg.small .heading{font-size:11px}
svg .tick{font-size:10.5px;fill:var(--soft);font-variant-numeric:tabular-nums}
svg.small .tick{font-size:10px}
svg .axis{font-size:11px;fill:var(--soft)}
svg .name{font-size:11.5px;font-weight:600}
svg .gamma{font-size:10px;font-weight:600}
svg .grid{stroke:var(--line);stroke-width:1}
svg .base,svg .mark{stroke:var(--base);stroke-width:1}
svg .rule{stroke:var(--soft);stroke-width:1;stroke-dasharray:1 3}
svg .line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:butt}
svg.small .line{stroke-width:1.5}
svg .clip{stroke-width:1.6}
svg .bars{opacity:.75}
svg .beyond{fill:var(--beyond)}
.moments{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(47%,13rem),1fr));gap:.75rem 1.1rem}
details{margin:1rem 0}
summary{cursor:pointer;color:var(--soft);font-size:.9375rem}
summary:hover{color:var(--ink)}
footer{margin-top:3.5rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.875rem}
@media (max-width:34rem){main{padding:1.5rem 1rem 3rem}h1{font-size:1.45rem}th,td{padding:.4rem .5rem}dl.facts{grid-template-columns:1fr 1fr}svg.small .tick{font-size:12px}svg.small .heading{font-size:12.5px}}
@media print{main{max-width:none;padding:0}details{display:none}figure,svg{break-inside:avoid}}
${ARM_RULES}`;

/** A line as the charts draw it, for legends. */
export function swatch(style: number): string {
  return `<svg viewBox="0 0 32 12" aria-hidden="true"><path class="line s${style}" d="M0 6H32"/></svg>`;
}
