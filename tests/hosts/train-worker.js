/** The same in a worker of a page. */
import * as train from '../../dist/entry/train-browser.js';
import { trainProbe } from './train-probe.js';

try {
  postMessage(await trainProbe(train));
} catch (error) {
  postMessage({ error: `${error.stack ?? error}` });
}
