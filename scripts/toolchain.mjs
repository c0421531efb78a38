/** Where Rust, wasm-bindgen and wasm-pack are on this machine. Found anew each time, so that nothing has to be remembered. */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { attempt } from './process.mjs';

export const WASM_TARGET = 'wasm32-unknown-unknown';
/** `slice::as_chunks`. */
export const MINIMUM_RUST = [1, 88];

/** The tools that cargo installs, in a folder per version that all clones of one user share. */
export const TOOLS = [
  // Without --locked: the registry can lack the newest version that its lock file names.
  { name: 'wasm-bindgen', crate: 'wasm-bindgen-cli', version: '0.2.130', locked: false },
  { name: 'wasm-pack', crate: 'wasm-pack', version: '0.15.1', locked: true },
];

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dyadic', 'tools');

export function toolFolder({ name, version }) {
  return join(CACHE, `${name}-${version}`);
}

/** An environment whose PATH begins with `folders`. */
function withPath(folders, env = process.env) {
  return { ...env, PATH: [...folders, env.PATH ?? ''].join(delimiter) };
}

/** The folder to put in front of PATH to get a Rust, in the order of preference: as it is, rustup's, Debian's. */
function rustFolders() {
  const folders = [[], [join(process.env.CARGO_HOME || join(homedir(), '.cargo'), 'bin')], ['/usr/bin']];
  return folders.filter(([folder]) => folder === undefined || existsSync(join(folder, 'rustc')));
}

/** [major, minor] of the rustc in `env`, null if there is none. */
export function rustVersion(env) {
  const match = /^rustc (\d+)\.(\d+)/.exec(attempt('rustc', ['--version'], { env }).stdout);
  return match === null || !attempt('cargo', ['--version'], { env }).ok ? null : [Number(match[1]), Number(match[2])];
}

function isNewEnough([major, minor]) {
  return major > MINIMUM_RUST[0] || (major === MINIMUM_RUST[0] && minor >= MINIMUM_RUST[1]);
}

/** Environments with a Rust that is new enough. */
export function rusts() {
  return rustFolders()
    .map((folders) => withPath(folders))
    .filter((env) => {
      const version = rustVersion(env);
      return version !== null && isNewEnough(version);
    });
}

/** Whether the Rust in `env` has a standard library for wasm32. */
export function hasWasmTarget(env) {
  const { ok, stdout } = attempt('rustc', ['--print', 'target-libdir', '--target', WASM_TARGET], { env });
  const folder = stdout.trim();
  return ok && existsSync(folder) && readdirSync(folder).some((file) => file.startsWith('libcore-'));
}

/** The first Rust that builds for wasm32, undefined if there is none. */
export function wasmRust() {
  return rusts().find(hasWasmTarget);
}

/** The folder of a tool at its exact version: its cache folder, or a folder on PATH ('' then); undefined if missing. */
export function findTool(tool) {
  const folder = join(toolFolder(tool), 'bin');
  if (attempt(join(folder, tool.name), ['--version']).stdout.includes(tool.version)) return folder;
  return attempt(tool.name, ['--version']).stdout.includes(tool.version) ? '' : undefined;
}

/** The environment to build in: Rust with wasm32, and the tools; undefined if something is missing (`npm run setup`). */
export function buildEnvironment() {
  const rust = wasmRust();
  const folders = TOOLS.map(findTool);
  if (rust === undefined || folders.includes(undefined)) return undefined;
  return withPath(folders.filter((folder) => folder !== ''), rust);
}
