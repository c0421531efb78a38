/** A page of somebody who only runs networks: no byte of training may be in its bundle. */
import { load, Tensor } from 'dyadic';

globalThis.classify = async (url, pixels) => (await load(url)).run(Tensor.from(pixels, [1, 1, 28, 28])).toArray();
