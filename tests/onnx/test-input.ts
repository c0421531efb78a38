/** Element i of input number k: the rule of scripts/make-onnx-models.py and scripts/make-goldens.py, so that inputs need not be stored. */
export function testInput(count: number, k: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => ((37 * i + 11 * k + 5 * Math.floor(i / 8)) % 61) / 30 - 1);
}
