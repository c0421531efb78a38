/** The table of npm start. */
import { count } from '../../dist/cli/quantities.js';
import { formatTable } from '../../dist/cli/table.js';

const NAMES = { float: 'float', w8a8: 'W8A8', w4a8: 'W4A8', w4a4: 'W4A4' };

const TRAINED = { 'trained-f32': 'trained in float', 'trained-f32-w4a4': '  quantized to W4A4 afterwards', 'trained-int4': 'trained in INT4 (4/4/4), integer-only' };

export function printTraining(rows) {
  const columns = ['network', 'test accuracy in training', 'deployed', 'bytes', 'ms per image', 'ms per training step'].map((name, i) => ({ title: name, align: i === 0 ? 'left' : 'right' }));
  const cells = rows.map(({ id, trainedAccuracy, accuracy, bytes, msPerImage, msPerStep }) => [TRAINED[id], `${trainedAccuracy.toFixed(1)} %`, `${accuracy.toFixed(1)} %`, count(bytes), msPerImage.toFixed(3), msPerStep.toFixed(1)]);
  console.log(`\ndyadic/train: a small CNN on 5,000 pictures of Fashion-MNIST, batch 64, the same seed; 1,000 test pictures\n\n${formatTable(columns, cells)}`);
}

export function printRows({ title }, rows) {
  const columns = ['network', 'accuracy', 'agrees with float', 'bytes', 'ms per image'].map((name, i) => ({ title: name, align: i === 0 ? 'left' : 'right' }));
  const percent = (value) => (value === null ? '' : `${value.toFixed(1)} %`);
  const cells = rows.map(({ id, accuracy, agreement, bytes, msPerImage }) => [NAMES[id], percent(accuracy), percent(agreement), count(bytes), msPerImage.toFixed(3)]);
  const { flavour, host, cpu } = rows[0];
  console.log(`\n${title}\n\n${formatTable(columns, cells)}\n\nflavour ${flavour}, ${host}, ${cpu}, one thread`);
  for (const { id, warnings } of rows) for (const warning of warnings) console.log(`${NAMES[id]}: ${warning}`);
}
