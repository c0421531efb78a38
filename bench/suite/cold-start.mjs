/**
 * node cold-start.mjs [model.dyad picture.f32]: prints the milliseconds since the process began, after the network's first answer; without a network, at once.
 * Where the system took the core away, the processor time counts, as in ../peers/stopwatch.mjs.
 */
const [model, picture] = process.argv.slice(2);
if (model !== undefined) {
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const { load } = await import('../../dist/node/node.js');
  const { buffer, byteOffset, byteLength } = readFileSync(picture);
  const network = await load(model);
  network.run(new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength)));
}
const elapsed = performance.now();
const { user, system } = process.cpuUsage();
const wasInterrupted = process.resourceUsage().involuntaryContextSwitches > 0;
process.stdout.write(`${wasInterrupted ? Math.min(elapsed, (user + system) / 1e3) : elapsed}\n`);
