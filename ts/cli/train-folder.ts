/** The folder of a run: run.json, log.jsonl, checkpoints. What is there stays whole, whatever happens while something new is written. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DyadicError } from '../errors.js';
import type { LogLine } from '../train/report/run-log.js';
import { UsageError } from './arguments.js';
import { readFile, reasonOf } from './pictures.js';
import type { RunOptions } from './train-settings.js';
import { writeAtomically } from './write-atomically.js';

/** What run.json holds: enough to go on, given the checkpoint. */
export interface RunFile {
  readonly version: 1;
  readonly options: RunOptions;
  /** The arms, where this is a comparison; each has a folder below. */
  readonly compare?: readonly string[];
}

export const CHECKPOINT = 'checkpoint.safetensors';
export const BEST = 'best.safetensors';
export const LOG = 'log.jsonl';
const RUN = 'run.json';

export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** A folder for a new run, without what a start that failed left; throws UsageError if a run is in it already, ERR_FILE if it cannot be made. */
  static create(path: string, file: RunFile): RunFolder {
    const folder = new RunFolder(path);
    if (folder.isBegun()) throw new UsageError(`${path} holds a run already: go on with --resume ${path}, or name another folder with -o`);
    folder.make().describe(file);
    for (const part of ['.', ...(file.compare ?? [])]) rmSync(folder.file(join(part, LOG)), { force: true });
    return folder;
  }

  /** The folder of a run that was begun; throws ERR_FILE or ERR_CHECKPOINT. */
  static open(path: string): { readonly folder: RunFolder; readonly file: RunFile } {
    const folder = new RunFolder(path);
    const text = new TextDecoder().decode(readFile(folder.file(RUN), 'train'));
    return { folder, file: checkRunFile(text, folder.file(RUN)) };
  }

  /** Whether a step was made here: a start that failed (a model that does not fit the data) leaves a run.json, the head of a log at most, and is no run. */
  isBegun(): boolean {
    if (!this.has(RUN)) return false;
    const { compare = [] } = RunFolder.open(this.path).file;
    return ['.', ...compare].some((part) => this.has(join(part, CHECKPOINT)) || this.hasSteps(join(part, LOG)));
  }

  private hasSteps(log: string): boolean {
    return this.has(log) && this.readText(log).split('\n').some((line) => line !== '' && !line.startsWith('{"type":"run"'));
  }

  /** Makes the folder, if it is not there. */
  make(): this {
    try {
      makeFolders(this.path);
    } catch (cause) {
      throw fileError(this.path, 'a folder to write to', cause);
    }
    return this;
  }

  /** Writes run.json. */
  describe(file: RunFile): void {
    this.write(RUN, new TextEncoder().encode(`${JSON.stringify(file, null, 2)}\n`));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  has(name: string): boolean {
    return existsSync(this.file(name));
  }

  read(name: string): Uint8Array {
    return readFile(this.file(name), 'train');
  }

  readText(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  /** Replaces a file in one move, when all of it is on the disk: a full disk or a lost process leaves the old one. Throws ERR_FILE. */
  write(name: string, bytes: Uint8Array): void {
    writeAtomically(this.file(name), bytes, 'train');
  }

  /** Adds a line to the log. */
  log(line: LogLine): void {
    try {
      appendFileSync(this.file(LOG), `${JSON.stringify(line)}\n`);
    } catch (cause) {
      throw fileError(this.file(LOG), 'a place to write to', cause);
    }
  }

  /** Drops what a lost process left of a line, so that the next one begins on its own. */
  mendLog(): void {
    if (!this.has(LOG)) return;
    const text = this.readText(LOG);
    const end = text.lastIndexOf('\n') + 1;
    if (end < text.length) this.write(LOG, new TextEncoder().encode(text.slice(0, end)));
  }
}

function fileError(path: string, expected: string, cause: unknown): DyadicError {
  return new DyadicError('ERR_FILE', { op: 'train', argument: path, expected, received: reasonOf(cause), cause });
}

function checkRunFile(text: string, path: string): RunFile {
  const refuse = (expected: string, received: string): DyadicError => new DyadicError('ERR_CHECKPOINT', { op: 'train', argument: path, expected, received });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refuse('JSON', cause instanceof Error ? cause.message : String(cause));
  }
  const { version, options, compare } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  if (version !== 1) throw refuse('version 1', version === undefined ? 'none' : String(version));
  const isText = (each: unknown): boolean => typeof each === 'string';
  if (typeof options !== 'object' || options === null || !Object.values(options).every(isText)) throw refuse('options as text', JSON.stringify(options) ?? 'none');
  if (compare !== undefined && !(Array.isArray(compare) && compare.every(isText))) throw refuse('names of arms', JSON.stringify(compare));
  return value as RunFile;
}

/** Node's own recursive mkdir never ends where a file system answers ENOENT to every new folder, as /proc does. */
function makeFolders(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeFolders(parent);
  mkdirSync(path);
}
