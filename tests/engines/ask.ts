/** Prints what probe.mjs asks for, on the engine that runs this. */
import { DyadicError } from '../../ts/errors.js';
import { engineOf } from '../engine/flavours.js';

async function relaxed(): Promise<{ relaxed: string; refusal: string }> {
  try {
    return { relaxed: (await engineOf('relaxed')).lowering, refusal: '' };
  } catch (error) {
    if (!(error instanceof DyadicError)) throw error;
    return { relaxed: error.code, refusal: error.message };
  }
}

const { flavour } = await engineOf('auto');
process.stdout.write(JSON.stringify({ auto: flavour, ...(await relaxed()) }));
