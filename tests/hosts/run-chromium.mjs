/** Chromium from the system, driven by playwright-core, reading the installed tarball from a server on localhost. */
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { MissingHost, tool } from './context.mjs';

const TYPES = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' };
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

/** The installed package in a page, without a bundler. @returns version, flavour and hashes */
export function runChromium(context) {
  return answerOf(context, context.app, '');
}

/** What a page says in `window.result`. */
export async function answerOf(context, folder, path) {
  return withPage(context, folder, path, async (page) => {
    await page.waitForFunction('window.result', null, { timeout: 300_000 });
    const result = await page.evaluate('window.result');
    if (result.error !== undefined) throw new Error(`chromium: ${result.error}`);
    return { version: await versionOf(page), ...result };
  });
}

/** Serves a folder, opens a page of it in Chromium, headless, and gives what `use(page)` does; closes everything afterwards. */
export async function withPage(context, folder, path, use) {
  const executablePath = PLACES.find((place) => existsSync(place));
  if (executablePath === undefined) throw new MissingHost('no Chromium in the usual places; on Debian and Ubuntu: apt-get install chromium');
  const { chromium } = createRequire(join(tool(context, 'playwright-core', 'latest'), 'index.js'))('./index.js');
  const server = await serve(folder);
  const profile = mkdtempSync(join(tmpdir(), 'dyadic-chromium-'));
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  const browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args });
  try {
    const page = browser.pages()[0] ?? (await browser.newPage());
    await page.goto(`${server.url}${path}`);
    return await use(page);
  } finally {
    await browser.close();
    server.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

export async function versionOf(page) {
  return page.context().browser()?.version() ?? /Chrome\/([\d.]+)/.exec(await page.evaluate('navigator.userAgent'))?.[1] ?? 'unknown';
}

function serve(folder) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end('not here');
      return;
    }
    // Isolated pages have a finer clock.
    const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', ...isolation });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() }));
  });
}
