/** Operand types of the layers that tune.mjs measures: codes of the input, of the weights and of the output (SPEC 1.1). */
export const TYPES = {
  n8: { input: [0, 127], weight: [-127, 127], output: [0, 127] },
  w8a8: { input: [0, 255], weight: [-127, 127], output: [0, 255] },
  w4a8: { input: [0, 255], weight: [-7, 7], output: [0, 255] },
  w4a4: { input: [0, 15], weight: [-7, 7], output: [0, 15] },
};
