/** Peers, each installed once into a folder of its own below tests/.cache, at the version that package.json here names. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from '../../scripts/process.mjs';
import { root } from '../../tests/hosts/context.mjs';

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** What each peer consists of, and the module in contenders/ that drives it. */
export const PEERS = {
  'onnxruntime-web': { packages: ['onnxruntime-web'], module: 'onnxruntime' },
  litert: { packages: ['@litertjs/core', 'flatbuffers'], module: 'litert' },
  tfjs: { packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm', '@tensorflow/tfjs-backend-cpu'], module: 'tfjs' },
  'onnxruntime-node': { packages: ['onnxruntime-node'], module: 'onnxruntime' },
};

/** What bench/train measures itself against: the whole package, because only it brings gradients. */
export const TRAINING_PEERS = {
  'tfjs-training': { packages: ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'] },
};

const packagesOf = (name) => (PEERS[name] ?? TRAINING_PEERS[name]).packages;

/** The version that is measured. */
export function peerVersion(name) {
  return dependencies[packagesOf(name)[0]];
}

/** The folder where a peer is, installed now if it was not; throws with npm's words if it cannot be. */
export function installPeer(name, log) {
  const folder = join(root, 'tests/.cache/peers', name);
  const wanted = packagesOf(name).map((name) => `${name}@${dependencies[name]}`);
  const stamp = join(folder, 'installed.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === JSON.stringify(wanted)) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  log(`installing ${wanted.join(' ')} into ${folder}`);
  // No scripts: onnxruntime-node's would download CUDA, which nobody wants here.
  const { ok, stdout, stderr } = attempt('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...wanted], { cwd: folder });
  if (!ok) throw new Error(`npm could not install it: ${(stderr.trim() || stdout.trim()).split('\n')[0]}`);
  writeFileSync(stamp, JSON.stringify(wanted));
  return folder;
}
