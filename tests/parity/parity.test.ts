/** The runtime equals the reference on every value of every network, bit for bit, in every flavour. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FLAVOURS, engineOf } from '../engine/flavours.js';
import { createIntegerProgram } from '../../ts/session/integer-program.js';
import type { ProgramOptions } from '../../ts/session/convolution-algorithm.js';
import { differences, observe } from './compare.js';
import { interpret, type Case, type Interpreted } from './interpreter.js';
import { randomGraph } from './random-graph.js';
import { samplesOf } from './samples.js';
import { singleOpGraphs } from './single-op.js';

/** DYADIC_SEEDS=1000 tries more networks, DYADIC_FIRST_SEED=77 others. */
const SEEDS = Number(process.env.DYADIC_SEEDS ?? 250);
const FIRST_SEED = Number(process.env.DYADIC_FIRST_SEED ?? 1);
const MOST_SHOWN = 25;

const singles: Case[] = singleOpGraphs().map((graph, i) => ({ graph, samples: samplesOf(graph, i, 4) }));
const randoms: Case[] = Array.from({ length: SEEDS }, (_, i) => {
  const graph = randomGraph(FIRST_SEED + i);
  return { graph, samples: samplesOf(graph, FIRST_SEED + i, 5) };
});
const expected = interpret([...singles, ...randoms]);
const ofSingles = expected.slice(0, singles.length);
const ofRandoms = expected.slice(singles.length);

const test = suite('parity');

async function agree(flavour: (typeof FLAVOURS)[number], cases: readonly Case[], interpreted: readonly Interpreted[], options: ProgramOptions = {}): Promise<void> {
  const engine = await engineOf(flavour);
  const found = cases.flatMap((one, i) => differences(engine, one, interpreted[i] ?? [], options));
  if (found.length > 0) throw new Error(`${found.length} differences\n${found.slice(0, MOST_SHOWN).join('\n')}`);
  assert.is(engine.liveAllocations, 0, 'every program gives its memory back');
}

/** {@link agree} on all cases that run by `kernel` with these options, at least `most` of them single operations. */
async function agreeBy(flavour: (typeof FLAVOURS)[number], kernel: string, options: ProgramOptions, most: number): Promise<void> {
  const engine = await engineOf(flavour);
  const uses = ({ graph }: Case): boolean => {
    const program = createIntegerProgram(engine, graph, options);
    const found = program.steps.some(({ kernels }) => kernels.includes(kernel));
    program.dispose();
    return found;
  };
  const chosen = [...singles, ...randoms].map(uses);
  const of = <T>(list: readonly T[]): T[] => list.filter((_, i) => chosen[i]);
  assert.ok(of([...singles]).length >= most, `${of([...singles]).length} single operations by ${kernel}`);
  // Random networks have no layer of 4 bits that F(2,3) takes.
  if (kernel !== 'winograd_f23') assert.ok(of([...singles, ...randoms]).length > of([...singles]).length, `random networks by ${kernel}`);
  await agree(flavour, of([...singles, ...randoms]), of([...ofSingles, ...ofRandoms]), options);
}

const FREE = { products: 0, input: 0, output: 0, weights: 0, fixed: 0 };
test('simd128: every 4-bit convolution by two weights to a lane too', () => agreeBy('simd128', 'conv2d_paired', { costs: { simd128: { direct_paired: FREE } } }, 30));

for (const flavour of FLAVOURS) {
  test(`${flavour}: ${singles.length} single operations`, () => agree(flavour, singles, ofSingles));
  test(`${flavour}: ${randoms.length} random networks from seed ${FIRST_SEED}`, () => agree(flavour, randoms, ofRandoms));

  test(`${flavour}: every 3×3 convolution by Winograd F(4,3) too`, () => agreeBy(flavour, 'winograd_f43', { convolution: 'winograd_f43' }, 300));
  // Without vectors there is no F(2,3).
  if (flavour !== 'scalar') test(`${flavour}: convolutions of 4 bits by Winograd F(2,3) too`, () => agreeBy(flavour, 'winograd_f23', { convolution: 'winograd_f23' }, 15));

  test(`${flavour}: a run remembers nothing of the runs before it`, async () => {
    const engine = await engineOf(flavour);
    for (const { graph, samples } of randoms.slice(0, 40)) {
      const program = createIntegerProgram(engine, graph);
      const first = samples.map((sample) => observe(program, graph, sample).outputs);
      // No poison here: what the runs before left behind must not matter either.
      const again = [...samples].reverse().map((sample) => observe(program, graph, sample).outputs).reverse();
      program.dispose();
      assert.equal(again, first, graph.name);
      const alone = createIntegerProgram(engine, graph);
      const last = samples.at(-1) ?? [];
      assert.equal(observe(alone, graph, last).outputs, first.at(-1), graph.name);
      alone.dispose();
    }
  });
}

test('networks and samples use every operation, and the comparison sees a wrong code', async () => {
  const ops = new Set(randoms.flatMap(({ graph }) => graph.operations.map(({ op }) => op)));
  assert.is(ops.size, 11, [...ops].join());
  const engine = await engineOf('scalar');
  const [one] = randoms;
  assert.ok(one);
  const wrong = (ofRandoms[0] ?? []).map((values) => values.map((codes, i) => (i === values.length - 1 ? codes.map((code) => code + 1) : codes)));
  assert.ok(differences(engine, one, wrong).some((text) => text.includes(`value ${one.graph.values.length - 1} `)));
  const short = (ofRandoms[0] ?? []).map((values) => values.slice(0, -1));
  assert.ok(differences(engine, one, short).some((text) => text.includes('not in the reference')));
});

test.run();
