/** The code in README.md runs as it stands, on the built package. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What each block of JavaScript prints, in their order. */
const PRINTED = [/^\d+ % agree with float, .+ lost most\nFloat32Array\(10\)/, /^(loss \d\.\d{3}, [78]\d\.\d % of the test pictures\n){3}\d+ bytes\n$/, /^$/];

test('the examples of README.md', () => {
  const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/```js\n([\s\S]*?)```/g)];
  assert.is(blocks.length, PRINTED.length);
  blocks.forEach(([, code], index) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module'], { cwd: root, input: code as string, encoding: 'utf8' });
    rmSync(join(root, 'fashion.dyad'), { force: true });
    assert.is(status, 0, stderr);
    assert.match(stdout, PRINTED[index] as RegExp);
  });
});

test.run();
