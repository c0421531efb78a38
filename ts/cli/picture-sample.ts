/** A decoded picture as what networks are fed, by the preprocess block (SPEC 5). */
import type { Preprocess } from '../integer/integer-graph.js';
import { pixelsToFloats, preprocessPicture } from '../session/preprocess.js';
import type { ProgramInput } from '../session/program.js';
import type { DecodedImage } from './decode-image.js';

/** For an integer network: bytes, integers from the first. */
export function toPixels(image: DecodedImage, preprocess: Preprocess): ProgramInput {
  return { kind: 'pixels', data: preprocessPicture({ ...image, channels: 3 }, preprocess), channels: preprocess.channels === 'gray' ? 1 : 3 };
}

/** For a float network, and so for calibration: [channels][height][width], the floats that those bytes stand for. */
export function toSample(image: DecodedImage, preprocess: Preprocess): Float32Array {
  return pixelsToFloats(preprocessPicture({ ...image, channels: 3 }, preprocess), preprocess);
}
