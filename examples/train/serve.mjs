/** `npm run build && node examples/train/serve.mjs [port]`: serves the repository to this machine alone, for index.html beside it. */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = '/examples/train/index.html';
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.txt': 'text/plain' };

const server = createServer(({ url }, response) => {
  if (url === '/') return response.writeHead(302, { location: PAGE }).end();
  const file = fileOf(url);
  if (file === undefined) return response.writeHead(404).end('not here');
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
  return createReadStream(file).pipe(response);
});
server.listen(Number(process.argv[2] ?? 8080), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}${PAGE}`));

/** A file of the repository, or undefined. */
function fileOf(url) {
  try {
    const file = join(ROOT, decodeURIComponent(new URL(url, 'http://localhost').pathname));
    return file.startsWith(ROOT) && statSync(file).isFile() ? file : undefined;
  } catch {
    return undefined;
  }
}
