/** The same in Node; prints the answer. */
import * as train from '../../dist/entry/train-node.js';
import { trainProbe } from './train-probe.js';

process.stdout.write(JSON.stringify(await trainProbe(train)));
