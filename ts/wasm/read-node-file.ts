/** Files in Node and Bun. An `import` of node:fs, or of node:fs/promises, would load Node's streams too: a third of the time until a network has run. */
const { readFile: readFileThen } = process.getBuiltinModule('node:fs');

export function readFile(path: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => readFileThen(path, (error, bytes) => (error === null ? resolve(bytes as Uint8Array<ArrayBuffer>) : reject(error))));
}
