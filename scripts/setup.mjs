/** `npm run setup`: everything that building needs. Each step looks first and does nothing when its work is done. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, StepError, attempt, isMain, mainProgram, run, say } from './process.mjs';
import { MINIMUM_RUST, TOOLS, WASM_TARGET, findTool, hasWasmTarget, rusts, rustVersion, toolFolder, wasmRust } from './toolchain.mjs';

const MINIMUM_NODE = [20, 19];

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
    throw new StepError(`Node ${process.versions.node} is too old.`, `install Node ${MINIMUM_NODE.join('.')} or later.`);
  }
  say('Node', `${process.versions.node}: already there`);
}

/** Whether node_modules holds exactly the versions of the lock file. */
function packagesAreCurrent() {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  return Object.entries(lock.packages).every(([folder, { version, optional }]) => {
    if (folder === '') return true;
    const file = join(ROOT, folder, 'package.json');
    if (!existsSync(file)) return optional === true;
    return JSON.parse(readFileSync(file, 'utf8')).version === version;
  });
}

function setUpPackages() {
  if (packagesAreCurrent()) return say('npm packages', 'already there');
  say('npm packages', 'npm ci …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { remedy: 'check that the npm registry can be reached (npm config get registry), then run npm run setup again.' });
}

/** apt-get install, with sudo when we are not root; false if this system has no apt or refuses. */
function aptInstall(packages) {
  const isRoot = process.getuid?.() === 0;
  const sudo = (args) => (isRoot ? attempt(args[0], args.slice(1)) : attempt('sudo', ['-n', ...args]));
  if (!attempt('apt-get', ['--version']).ok) return false;
  sudo(['apt-get', 'update']);
  return sudo(['apt-get', 'install', '-y', '--no-install-recommends', ...packages]).ok;
}

function setUpRust() {
  const [rust] = rusts();
  if (rust !== undefined) return say('Rust', `${rustVersion(rust).join('.')}: already there`);
  say('Rust', "installing Debian's rustc-web …");
  if (!aptInstall(['rustc-web', 'cargo-web', 'gcc', 'libc6-dev']) || rusts().length === 0) {
    throw new StepError(`No Rust ${MINIMUM_RUST.join('.')} or later was found, and apt-get could not install one.`, 'install Rust with rustup, then run npm run setup again.');
  }
}

function setUpWasmTarget() {
  const rust = wasmRust();
  if (rust !== undefined) return say('wasm32 target', `Rust ${rustVersion(rust).join('.')}: already there`);
  for (const env of rusts().filter((candidate) => attempt('rustup', ['--version'], { env: candidate }).ok)) {
    say('wasm32 target', `rustup target add ${WASM_TARGET} …`);
    if (attempt('rustup', ['target', 'add', WASM_TARGET], { env }).ok && hasWasmTarget(env)) return;
  }
  say('wasm32 target', "not from rustup; building it for Debian's rustc-web …");
  run('bash', [join(ROOT, 'scripts', 'wasm32-std.sh')], {
    remedy: `run rustup target add ${WASM_TARGET} where rustup's server can be reached, or install Debian's rustc-web as root.`,
  });
}

function setUpTool(tool) {
  if (findTool(tool) !== undefined) return say(tool.name, `${tool.version}: already there`);
  say(tool.name, `${tool.version}: cargo install, one to three minutes …`);
  const args = ['install', tool.crate, '--version', tool.version, '--root', toolFolder(tool), ...(tool.locked ? ['--locked'] : [])];
  run('cargo', args, { env: wasmRust(), remedy: 'check that the crate registry can be reached, then run npm run setup again.' });
}

export function setUp() {
  checkNode();
  setUpPackages();
  setUpRust();
  setUpWasmTarget();
  TOOLS.forEach(setUpTool);
}

if (isMain(import.meta.url)) await mainProgram(setUp);
