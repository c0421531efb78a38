/**
 * Files in Node and Bun. An `import` of node:fs, or of node:fs/promises, would load Node's streams too: a third of the time until a network has run. At once, not
 * on another thread: what is read here is validated and packed next, which keeps this one ten times as long.
 */
const { readFileSync } = process.getBuiltinModule('node:fs');

export async function readFile(path: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  return readFileSync(path);
}
