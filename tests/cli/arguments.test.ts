/** What a person can mistype. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { choiceOption, numbersOption, sizeOption, textOption, UsageError, wholeOption } from '../../ts/cli/arguments.js';
import { restoreSpelling } from '../../ts/cli/spelling.js';

const refused = (run: () => unknown, message: RegExp): void => assert.throws(run, (error: unknown) => error instanceof UsageError && message.test(error.message));

test('sizes are width × height, kept as [height, width]', () => {
  assert.equal(sizeOption({ size: '320x240' }, 'size'), [240, 320]);
  assert.equal(sizeOption({ size: 224 }, 'size'), [224, 224]);
  assert.is(sizeOption({}, 'size'), undefined);
  for (const size of ['0', '3x', 'x3', '-3', '1.5', '3x0', '224 224', true]) refused(() => sizeOption({ size }, 'size'), /--size/);
});

test('numbers are separated by commas', () => {
  assert.equal(numbersOption({ mean: '.485,.456,0.406' }, 'mean'), [0.485, 0.456, 0.406]);
  assert.equal(numbersOption({ mean: 0.5 }, 'mean'), [0.5]);
  for (const mean of ['a', '1,,2', '1,NaN', ',', 'Infinity']) refused(() => numbersOption({ mean }, 'mean'), /--mean is numbers/);
});

test('choices, whole numbers, repeated options', () => {
  assert.is(choiceOption({ bits: 'W4A4' }, 'bits', ['w8a8', 'w4a4'], 'w8a8'), 'w4a4');
  refused(() => choiceOption({ bits: 'w2a2' }, 'bits', ['w8a8', 'w4a4'], 'w8a8'), /--bits is one of w8a8, w4a4, not "w2a2"/);
  refused(() => wholeOption({ limit: 0 }, 'limit', 1), /--limit is a whole number of at least 1, not "0"/);
  refused(() => textOption({ biasCorrection: [1, 2] }, 'biasCorrection'), /--bias-correction is given 2 times/);
});

test('values of options are what was typed, not the number that they look like', () => {
  const options: Record<string, unknown> = { size: 5, o: 1000, output: 1000, weightDecay: 0.5, epochs: 3, seed: [1, 2], json: true };
  const names = [['size'], ['o', 'output'], ['weightDecay'], ['epochs'], ['seed'], ['json']];
  restoreSpelling(['quantize', '0x5', '--size', '0x5', '-o', '1e3', '--weight-decay=.50', '--epochs', '3', '--seed', '1', '--seed', '2', '--json'], options, names);
  assert.equal(options, { size: '0x5', o: '1e3', output: '1e3', weightDecay: '.50', epochs: '3', seed: [1, 2], json: true });
  refused(() => sizeOption(options, 'size'), /--size is WIDTHxHEIGHT or one number, not "0x5"/);
});

test.run();
