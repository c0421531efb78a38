/** Everything in a worker of a page, as a bundler packs it. */
import * as dyadic from 'dyadic';
import * as train from 'dyadic/train';
import { everything } from './everything.js';

try {
  postMessage(await everything(dyadic, train, async (name) => new Uint8Array(await (await fetch(new URL(`/data/${name}`, location.href))).arrayBuffer())));
} catch (error) {
  postMessage({ error: `${error.stack ?? error}` });
}
