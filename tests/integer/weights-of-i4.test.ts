/** Codes of 4 bits on their way from the file: unpacked two by two, looked at four by four. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeDyad, encodeDyad } from '../../ts/integer/dyad.js';
import type { IntegerGraph } from '../../ts/integer/integer-graph.js';
import { checkIntegerGraph } from '../../ts/integer/validate.js';
import { refusal } from '../engine/error-of.js';
import { fileOf, fileParts } from './sample.js';

const NAME = 'd.weight';

/** The sample network with other weights of 4 bits; they begin `offset` bytes after a multiple of four. */
function withWeights(codes: readonly number[], offset = 0): IntegerGraph {
  const graph = decodeDyad(fileOf(fileParts()));
  const tensor = graph.tensors.get(NAME)!;
  const memory = new Int8Array(offset + tensor.data.length);
  memory.set(Array.from(tensor.data, (_, i) => codes[i % codes.length]!), offset);
  return { ...graph, tensors: new Map([...graph.tensors, [NAME, { ...tensor, data: memory.subarray(offset) } as typeof tensor]]) };
}

test('every pair of codes comes back from its byte', () => {
  for (let low = -7; low <= 7; low++) {
    const codes = Array.from({ length: 15 }, (_, i) => [low, i - 7]).flat();
    const graph = withWeights(codes);
    assert.equal(Array.from(decodeDyad(encodeDyad(graph)).tensors.get(NAME)!.data), Array.from(graph.tensors.get(NAME)!.data));
  }
});

test('a byte that is no code of 4 bits is found at every place of a word, whatever lies beside it, and named', () => {
  for (const beside of [-7, 0, 7]) {
    for (let place = 0; place < 6; place++) {
      const graph = withWeights([beside], place % 2);
      for (let wrong = -128; wrong < 128; wrong++) {
        graph.tensors.get(NAME)!.data[place] = wrong;
        if (wrong >= -7 && wrong <= 7) checkIntegerGraph(graph);
        else assert.match(refusal(() => checkIntegerGraph(graph)).message, new RegExp(`within \\[-7, 7\\].* ${wrong}`), `${wrong} at ${place} beside ${beside}`);
      }
    }
  }
});

test.run();
