/**
 * The rows of the training benchmarks and their aims: t1 ResNet-20 against PyTorch, t2 the weight gradient against the peak, t3 the small network against TensorFlow.js,
 * t4 what is no convolution, t5 the interval loop. Rows under `more/` have no aim but one.
 */
import { peerVersion } from '../peers/install.mjs';
import { median } from '../peers/statistics.mjs';
import { atLeast, atMost } from '../suite/aims.mjs';

const N24 = { on: 24 };
const RESNET20 = 'ResNet-20, batch 128';

/** One workload of workloads.mjs each. */
export const TRAININGS = [
  { id: 't1/resnet20', workload: 'resnet20 int4', batch: 128, peer: 'pytorch', aims: [atLeast(1.5, 'pytorch', N24)] },
  { id: 't1/resnet20/f32', workload: 'resnet20 f32', batch: 128, peer: 'pytorch', aims: [] },
  { id: 't3/cnn', workload: 'cnn int4', batch: 64, peer: 'tfjs', aims: [atLeast(20, 'tfjs', N24)] },
  { id: 't3/cnn/f32', workload: 'cnn f32', batch: 64, peer: 'tfjs', aims: [atLeast(10, 'tfjs', N24)] },
  { id: 'more/vgg64', workload: 'vgg64 int4', batch: 64, peer: null, aims: [] },
  { id: 'more/vgg64/f32', workload: 'vgg64 f32', batch: 64, peer: null, aims: [] },
];

const EMPTY = { low: null, high: null, peak: null, peakOf: null, ratio: null, peer: null, peerVersion: null, peerType: null, peerValue: null, peerRatio: null, peers: [], verified: true };
const medianOf = (turns, name) => median(turns.get(name).flatMap(({ milliseconds }) => milliseconds));

/** Images a second, and the milliseconds of a step. */
export function trainingRow({ id, workload, batch, peer, aims }, turns) {
  const speed = (name) => (batch * 1000) / medianOf(turns, name);
  const value = speed(workload);
  const row = { ...EMPTY, id, work: `${workload}, batch ${batch}`, value, unit: 'images/s', milliseconds: medianOf(turns, workload) };
  if (peer === null || !turns.has(peer)) return { row, aims };
  const version = peer === 'tfjs' ? peerVersion('tfjs-training') : turns.get(peer).at(-1).version;
  const figures = { name: peer, version, variant: null, type: 'f32', value: speed(peer), milliseconds: medianOf(turns, peer), ratio: value / speed(peer), verified: true };
  return { row: { ...row, peer, peerVersion: version, peerType: 'f32', peerValue: figures.value, peerRatio: figures.ratio, peers: [figures] }, aims };
}

/** Channels with an aim; none elsewhere. */
const gradientAims = (channels) => (channels >= 64 ? [atLeast(1.6, 'peak', N24)] : channels === 16 ? [atLeast(1.2, 'peak', N24)] : []);
/** What bench/train-kernels.mjs times: channels × height × width. */
const GRADIENTS = [[16, 32], [32, 16], [64, 8], [128, 16]];

/** The rows of train-kernels.mjs's answer, or why there are none. */
export function gradientRow({ peak, rows, missing }) {
  return GRADIENTS.map(([channels, size]) => {
    const shape = `${channels}x${size}x${size}`;
    const found = rows.find((one) => one.shape.endsWith(`×${size}×${size}, ${channels} → ${channels}`));
    const value = found?.gmacs ?? null;
    const rest = value === null ? { verified: false, missing: missing ?? 'not timed' } : { peak, peakOf: 'relaxed_dot', ratio: value / peak, milliseconds: found.milliseconds, kernels: ['winograd_weight_gradient'] };
    return { row: { ...EMPTY, id: `t2/${shape}`, work: `3×3 weight gradient ${shape}, INT4, batch 8`, value, unit: 'GMAC/s', ...rest }, aims: gradientAims(channels) };
  });
}

const share = (key) => (turns) => 100 * median(turns.get('resnet20 int4').map((turn) => turn[key]));
const faster = (name) => (turns) => medianOf(turns, `${name} f32`) / medianOf(turns, `${name} int4`);

/** What is no speed. */
export const FACTS = [
  { id: 't4/resnet20', work: `${RESNET20}, 4/4/4: all but convolutions`, unit: '%', aims: [atMost(60)], value: (turns) => 100 - share('convolutions')(turns) },
  { id: 't5/resnet20', work: `${RESNET20}, 4/4/4: statistics and update of the intervals, at most`, unit: '%', aims: [atMost(2)], value: share('policy') },
  { id: 'more/resnet20/activations', work: `${RESNET20}, 4/4/4: activations`, unit: 'MiB', aims: [atMost(1024)], value: (turns) => turns.get('resnet20 int4').at(-1).activationBytes / 2 ** 20 },
  { id: 'more/resnet20/int4', work: 'ResNet-20: our f32 step ÷ our 4/4/4 step', unit: '×', aims: [], value: faster('resnet20') },
  { id: 'more/vgg64/int4', work: '64 channels: our f32 step ÷ our 4/4/4 step', unit: '×', aims: [], value: faster('vgg64') },
];

export function factRow({ id, work, unit, aims, value }, turns) {
  return { row: { ...EMPTY, id, work, value: value(turns), unit }, aims };
}
