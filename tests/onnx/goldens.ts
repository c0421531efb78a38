/** The committed goldens and where their models are: the example's in the repository, the others beside it, where they may be missing. */
import { existsSync, readFileSync } from 'node:fs';

export interface Golden {
  readonly model: string;
  readonly sha256: string;
  readonly input: { readonly name: string; readonly shape: number[] };
  readonly output: { readonly name: string; readonly samples: number[][] };
}

const root = new URL('../../', import.meta.url);

export function readGolden(name: 'fashion' | 'resnet20' | 'squeezenet1.1'): Golden {
  return JSON.parse(readFileSync(new URL(`tests/onnx/goldens/${name}.json`, root), 'utf8')) as Golden;
}

/** The model's bytes, or undefined where the file is not on this machine. */
export function readGoldenModel(golden: Golden): Uint8Array | undefined {
  const places = [golden.model, `../shared/data/models/${golden.model}`].map((path) => new URL(path, root));
  const found = places.find((place) => existsSync(place));
  return found === undefined ? undefined : readFileSync(found);
}
