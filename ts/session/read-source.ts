/** The bytes of a .dyad file from wherever a caller has it. */
import { DyadicError } from '../errors.js';
import { fileReader } from '../wasm/loader.js';

/** Bytes, a Response, a URL, or a string: a URL, or a path on hosts with files. */
export type ByteSource = Uint8Array | ArrayBuffer | Response | URL | string;

/** Throws ERR_FILE naming the place and what came, ERR_ARGUMENT for anything else than a source. */
export async function readBytes(source: ByteSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof source === 'string' || tag(source) === 'URL') return fromPlace(source as URL | string);
  if (tag(source) === 'Response') return fromResponse(source as Response, (source as Response).url || 'the given Response');
  throw new DyadicError('ERR_ARGUMENT', {
    op: 'load',
    argument: 'source',
    expected: 'the bytes of a .dyad file, a Response, a URL, a path, an IntegerGraph or a Graph',
    received: source === null ? 'null' : tag(source),
  });
}

/** By name and not by instanceof: a Response may come from another realm. */
function tag(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

async function fromPlace(place: URL | string): Promise<Uint8Array> {
  const readFile = fileReader();
  const isRemote = /^(https?|data|blob):/i.test(String(place));
  if (readFile !== undefined && !isRemote) {
    return readFile(/^file:/i.test(String(place)) ? new URL(place) : place).catch((cause: unknown) => {
      throw refusal(String(place), 'a readable file', String(cause), cause);
    });
  }
  const response = await fetch(place).catch((cause: unknown) => {
    throw refusal(String(place), 'a URL that can be fetched', String(cause), cause);
  });
  return fromResponse(response, String(place));
}

async function fromResponse(response: Response, name: string): Promise<Uint8Array> {
  if (!response.ok) throw refusal(name, 'a .dyad file', `status ${response.status}`);
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw refusal(name, 'a body that can be read', String(cause), cause);
  }
}

function refusal(place: string, expected: string, received: string, cause?: unknown): DyadicError {
  return new DyadicError('ERR_FILE', { op: 'load', argument: place, expected, received, cause });
}
