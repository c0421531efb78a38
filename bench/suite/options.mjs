/** The command line that `npm run bench` and `npm run bench:peers` share. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../../scripts/process.mjs';
import { OptionError } from './option-error.mjs';
import { ownJob } from './own-shape.mjs';
import { SUITE, select } from './rows.mjs';

const OPTIONS = {
  only: { type: 'string', default: '' },
  conv: { type: 'string' },
  gemm: { type: 'string' },
  out: { type: 'string' },
  window: { type: 'string' },
  stride: { type: 'string' },
  groups: { type: 'string' },
  type: { type: 'string' },
  memory: { type: 'string' },
  flavour: { type: 'string', default: 'auto' },
  node: { type: 'string' },
  rounds: { type: 'string' },
  milliseconds: { type: 'string' },
  data: { type: 'string', default: join(ROOT, '..', 'shared', 'data') },
  json: { type: 'boolean', default: false },
  save: { type: 'boolean', default: false },
};

const FLAVOURS = ['auto', 'relaxed', 'simd128', 'scalar'];

/** Reads the command line, with `more` options of the command and its `defaults` of rounds and milliseconds; ends the process with 2 and one line where it is wrong. */
export function readOptions(command, more, defaults, args = process.argv.slice(2)) {
  try {
    return checked(parseArgs({ args, options: { ...OPTIONS, ...more } }).values, defaults);
  } catch (error) {
    if (!(error instanceof OptionError) && !String(error.code).startsWith('ERR_PARSE_ARGS')) throw error;
    process.stderr.write(`${command}: ${error.message}\n`);
    return process.exit(2);
  }
}

/** The options as they are meant; `jobs` is what they ask for. Throws OptionError. */
export function checked(values, defaults) {
  const number = (key) => {
    if (values[key] === undefined) return defaults[key];
    if (!/^[1-9]\d{0,5}$/.test(values[key])) throw new OptionError(key, 'a whole number from 1 to 999999', values[key]);
    return Number(values[key]);
  };
  if (!FLAVOURS.includes(values.flavour)) throw new OptionError('flavour', FLAVOURS.join(', '), values.flavour);
  if (values.node !== undefined && !/^\d{2}$/.test(values.node)) throw new OptionError('node', 'a major version of Node such as 24', values.node);
  return { ...values, rounds: number('rounds'), milliseconds: number('milliseconds'), jobs: jobsOf(values) };
}

function jobsOf(values) {
  const own = ownJob(values);
  if (own !== null) {
    if (values.only !== '') throw new OptionError('only', 'nothing beside a shape of your own', values.only);
    return [own];
  }
  const jobs = select(SUITE, pattern(values.only));
  if (jobs.length === 0) throw new OptionError('only', `something that matches an id such as ${SUITE[0].rows[0].id} or a group such as ${SUITE[3].id}`, values.only);
  return jobs;
}

function pattern(text) {
  try {
    return new RegExp(text);
  } catch {
    throw new OptionError('only', 'a regular expression', text);
  }
}
