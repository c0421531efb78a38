/** The other end of contender.mjs: starts it on one core and asks it things. */
import { fork, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('contender.mjs', import.meta.url));

/** Program and arguments that keep a process on one core; null where there is no taskset. */
function pinning() {
  const core = String(availableParallelism() - 1);
  return spawnSync('taskset', ['-c', core, 'true']).status === 0 ? ['taskset', '-c', core] : null;
}

export const PINNING = pinning();

export class ContenderProcess {
  #child;
  #pending = null;

  constructor(module, name, folder) {
    const options = { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced' };
    const pinned = PINNING === null ? {} : { execPath: PINNING[0], execArgv: [...PINNING.slice(1), process.execPath] };
    this.#child = fork(SCRIPT, [module, name, folder], { ...options, ...pinned });
    let words = '';
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (words = (words + text).slice(-2000)));
    this.#child.on('message', ({ result, error }) => this.#settle(error === undefined ? undefined : new Error(error), result));
    this.#child.on('error', (error) => this.#settle(error));
    this.#child.on('exit', (code) => this.#settle(new Error(`its process ended with code ${code}: ${words.trim().split('\n').at(-1)}`)));
  }

  /** One request at a time; rejects with the contender's error, or when its process ends. */
  ask(request, argument = {}) {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      if (this.#child.connected) this.#child.send({ request, ...argument });
      else this.#settle(new Error('its process has ended'));
    });
  }

  stop() {
    this.#child.kill();
  }

  #settle(error, result) {
    const pending = this.#pending;
    this.#pending = null;
    if (error === undefined) pending?.resolve(result);
    else pending?.reject(error);
  }
}
