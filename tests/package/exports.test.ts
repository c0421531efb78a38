/** What `import 'dyadic'` gives in Node: few files, and one copy of every class whichever entry it comes from. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const exported = suite('package exports');
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a module inside the package, where its own name means what package.json exports. */
function evaluate(text: string): unknown {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', text], { cwd: root, encoding: 'utf8' });
  assert.is(status, 0, stderr);
  return JSON.parse(stdout);
}

exported('dyadic, dyadic/core and dyadic/train share their classes', () => {
  const same = evaluate(`
    const [all, core, train] = [await import('dyadic'), await import('dyadic/core'), await import('dyadic/train')];
    let refused;
    try { train.interval({ alpha: -1 }); } catch (error) { refused = error; }
    console.log(JSON.stringify([all.Tensor === core.Tensor, all.load === core.load, refused instanceof all.DyadicError]));
  `);
  assert.equal(same, [true, true, true]);
});

exported('what Node loads is bundled: a few files, no module for each source', () => {
  const files = evaluate(`
    import { registerHooks } from 'node:module';
    const urls = [];
    if (registerHooks !== undefined) registerHooks({ load(url, context, next) { if (url.includes('/dist/')) urls.push(url); return next(url, context); } });
    await import('dyadic');
    console.log(JSON.stringify(urls));
  `.replace("import { registerHooks } from 'node:module';", "const { registerHooks } = await import('node:module');")) as string[];
  assert.ok(files.length < 20, `${files.length} files`);
  for (const file of files) assert.match(file, /\/dist\/node\//);
});

exported('the types are whole on a server: no lib.dom, and declarations are checked', () => {
  const files = ['dist/entry/node.d.ts', 'dist/index.d.ts', 'dist/entry/train-node.d.ts'].map((file) => root + file);
  const program = ts.createProgram(files, { target: ts.ScriptTarget.ES2022, lib: ['lib.es2023.d.ts'], module: ts.ModuleKind.NodeNext, strict: true, noEmit: true, types: ['node'] });
  assert.equal(ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`), []);
});

exported.run();
