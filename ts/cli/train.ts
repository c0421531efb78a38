/** dyadic train: a folder of labelled pictures to a network trained in 4 bits. The work is in train-command.ts, which is loaded only when it is asked for. */
import type { CAC } from 'cac';
import type { RawOptions } from './arguments.js';

export function defineTrain(cli: CAC): void {
  cli
    .command('train', 'Train a network with 4-bit weights, activations and gradients')
    .usage('train --data <dir> -o <dir> [options]\n  $ dyadic train --resume <dir>')
    .option('--data <dir>', 'IDX files (MNIST), CIFAR records, or one folder of pictures per class')
    .option('-o, --output <dir>', 'Folder of the run: checkpoints, log, report, the trained network')
    .option('--model <name>', 'cnn (default), resnet20, resnet56, mobilenetv2, or FILE.js: default export ({ classes, shape, bits }) => Module')
    .option('--bits <w/a/g>', 'Weights/activations/gradients, 2 to 8 (default: 4/4/4), or 32 for float')
    .option('--gradient <method>', 'Interval of gradients: interval (default), minmax, mse, dsgc or dai8')
    .option('--compare <methods>', 'Train with each of these (f32 too), separated by commas; one report.html')
    .option('--alpha <share>', 'Share of gradients that count as large (default: 0.001)')
    .option('--start <how>', 'First interval: quantile (default) or paper')
    .option('--epochs <n>', 'How often all pictures are seen (default: 10)')
    .option('--batch <n>', 'Pictures per step (default: 128)')
    .option('--optimizer <name>', 'sgd (default) or adam')
    .option('--lr <rate>', 'Learning rate (default: 0.1, cnn 0.02, adam 0.001)')
    .option('--momentum <m>', 'Of sgd (default: 0.9)')
    .option('--weight-decay <d>', 'Default: 0.0001, adam 0')
    .option('--interval-lr <rate>', 'Learning rate of the learned intervals, by Adam (default: 0.00001)')
    .option('--schedule <kind>', 'cosine[:FINAL] (default), constant, step:EPOCHS[:FACTOR], multistep:80,120[:FACTOR]')
    .option('--warm-up <epochs>', 'Epochs in which the rate rises (default: 0)')
    .option('--augment <how>', 'none (default), flip, crop:PIXELS or flip,crop:4')
    .option('--label-smoothing <share>', 'Default: 0')
    .option('--size <WxH>', 'Size that pictures in folders are brought to (default: that of the first)')
    .option('--channels <order>', 'Pictures in folders as rgb (default) or gray')
    .option('--fit <how>', 'crop (default): shorter side, then the centre; stretch: both sides')
    .option('--test-share <share>', 'Kept for testing where the folder has no test part (default: 0.1)')
    .option('--limit <n>', 'Train on about n pictures only, the same share of each class')
    .option('--seed <n>', 'Same seed, same bits (default: 0)')
    .option('--flavour <name>', 'auto (default), relaxed, simd128 or scalar')
    .option('--save-every <steps>', 'Save every so many steps, too, and not only after each epoch')
    .option('--resume <dir>', 'Go on with the run in this folder; --epochs, --lr and --schedule may differ')
    .option('--json', 'Print JSON only: a line per epoch and one at the end')
    .example('  dyadic train --data fashion-mnist/ --epochs 10 -o run/')
    .example('  dyadic train --data cifar-100/ --model resnet20 --augment flip,crop:4 --compare interval,minmax,f32 -o runs/')
    .action(async (options: RawOptions) => {
      const { trainCommand } = await import('./train-command.js');
      return trainCommand(options);
    });
}
