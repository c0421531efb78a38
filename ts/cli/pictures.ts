/** Folders and files of pictures on disk. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DyadicError } from '../errors.js';
import { decodeImage, type DecodedImage } from './decode-image.js';

const PICTURE = /\.(jpe?g|png)$/i;

/** Reads a whole file; the error names it. */
export function readFile(path: string, op: string): Uint8Array {
  try {
    const buffer = readFileSync(path);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (cause) {
    throw new DyadicError('ERR_FILE', { op, argument: path, expected: 'a readable file', received: reasonOf(cause), cause });
  }
}

/** "no such file" and the like: the code of a system error is more telling than its sentence. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const known: Record<string, string> = { ENOENT: 'nothing there', EACCES: 'no permission', EISDIR: 'a folder', ENOTDIR: 'a path through a file', ENOSPC: 'a full disk' };
  return known[(error as NodeJS.ErrnoException).code ?? ''] ?? error.message;
}

/**
 * Paths of the JPEG and PNG files in a folder and its subfolders, sorted by code units so that every machine sees one order.
 * @throws DyadicError ERR_CALIBRATION if the folder is missing or holds no picture
 */
export function listPictures(folder: string): string[] {
  const expected = 'a folder with JPEG or PNG pictures';
  const refuse = (received: string, cause?: unknown): DyadicError =>
    new DyadicError('ERR_CALIBRATION', { op: 'quantize', argument: '--calibrate', expected, received, ...(cause === undefined ? {} : { cause }) });
  let names: string[];
  try {
    if (!statSync(folder).isDirectory()) throw refuse(`the file ${folder}`);
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    throw error instanceof DyadicError ? error : refuse(`${folder}: ${reasonOf(error)}`, error);
  }
  const pictures = names.filter((name) => PICTURE.test(name)).sort();
  if (pictures.length === 0) throw refuse(`${folder}, with ${names.length === 0 ? 'no files' : `${names.length} files, none of them .jpg or .png`}`);
  return pictures.map((name) => join(folder, name));
}

/** Pictures that could be decoded, with their paths, and an error for each that could not. */
export interface LoadedPictures {
  readonly pictures: readonly { readonly path: string; readonly image: DecodedImage }[];
  readonly failures: readonly DyadicError[];
}

/** Decodes pictures; a damaged one is left out and named. */
export function loadPictures(paths: readonly string[], onProgress?: (done: number) => void): LoadedPictures {
  const pictures: { path: string; image: DecodedImage }[] = [];
  const failures: DyadicError[] = [];
  paths.forEach((path, i) => {
    try {
      pictures.push({ path, image: decodeImage(readFile(path, 'decodeImage'), path) });
    } catch (error) {
      if (!(error instanceof DyadicError)) throw error;
      failures.push(error);
    }
    onProgress?.(i + 1);
  });
  return { pictures, failures };
}
