/** A shape from the command line. */
import { TYPES, convolution, gemm } from '../peers/workloads.mjs';
import { OptionError } from './option-error.mjs';

const MODES = ['balanced', 'fast', 'compact'];
/** More would not fit a wasm memory together with its copies. */
const MOST_SIZE = 16384;
const MOST_MACS = 2e10;
const DETAILS = ['out', 'window', 'stride', 'groups'];

function sizes(option, text, what) {
  const list = text.split(/[x×]/).map((part) => (/^\d+$/.test(part) ? Number(part) : NaN));
  if (list.length !== 3 || !list.every((size) => size >= 1 && size <= MOST_SIZE)) throw new OptionError(option, `${what}, three sizes from 1 to ${MOST_SIZE} such as 64x56x56`, text);
  return list;
}

function whole(values, option, fallback, most) {
  const text = values[option];
  if (text === undefined) return fallback;
  if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > most) throw new OptionError(option, `a whole number from 1 to ${most}`, text);
  return Number(text);
}

function convolutionOf(values) {
  const input = sizes('conv', values.conv, 'input channels × height × width');
  const [inC] = input;
  const depthwise = values.groups === 'depthwise';
  const groups = depthwise ? inC : whole(values, 'groups', 1, inC);
  const outC = whole(values, 'out', inC, MOST_SIZE);
  if (inC % groups !== 0 || outC % groups !== 0) throw new OptionError('groups', `a divisor of ${inC} and ${outC}, or "depthwise"`, values.groups);
  const window = whole(values, 'window', 3, 31);
  const stride = whole(values, 'stride', 1, 8);
  return convolution(`own-${window}x${window}${groups === 1 ? '' : `-g${groups}`}`, input, outC, { window, stride, groups });
}

function productOf(values) {
  const detail = DETAILS.find((option) => values[option] !== undefined);
  if (detail !== undefined) throw new OptionError(detail, 'nothing beside --gemm', values[detail]);
  return { ...gemm(...sizes('gemm', values.gemm, 'M × N × K')), id: `own-gemm/${values.gemm.replaceAll('×', 'x')}` };
}

/** The words of the command line's modes mean the same as the rows'. */
const ALIASES = { w8a8: 'int8', w4a4: 'int4' };

function typesOf(text = 'int8,int4') {
  if (text === 'all') return Object.keys(TYPES);
  return text.split(',').map((word) => {
    const type = ALIASES[word] ?? word;
    if (!(type in TYPES)) throw new OptionError('type', `"all" or some of ${[...Object.keys(TYPES), ...Object.keys(ALIASES)].join(', ')}, with commas between them`, text);
    return type;
  });
}

/** The job that --conv or --gemm ask for, null without either. Throws OptionError. */
export function ownJob(values) {
  if (values.conv === undefined && values.gemm === undefined) {
    const alone = [...DETAILS, 'type', 'memory'].find((option) => values[option] !== undefined);
    if (alone !== undefined) throw new OptionError(alone, 'to stand beside --conv or --gemm', values[alone]);
    return null;
  }
  if (values.conv !== undefined && values.gemm !== undefined) throw new OptionError('gemm', 'nothing beside --conv', values.gemm);
  const memory = values.memory ?? 'balanced';
  if (!MODES.includes(memory)) throw new OptionError('memory', MODES.join(', '), memory);
  const shape = values.conv === undefined ? productOf(values) : convolutionOf(values);
  if (shape.macs > MOST_MACS) throw new OptionError(values.conv === undefined ? 'gemm' : 'conv', `a layer of at most ${MOST_MACS / 1e9} thousand million multiplications`, values.conv ?? values.gemm);
  return { kind: 'kernel', id: shape.id, shape, rows: typesOf(values.type).map((type) => ({ id: `${shape.id}/${type}`, number: null, variant: type, type, memory, aims: [] })) };
}
