/** The instruction that multiplies numbers of a kind fastest on an engine: what a speed is a share of. */
export function fastestInstruction(type, { lowering }) {
  if (type === 'f32') return 'f32_mul_add';
  return lowering === 'vpdpbusd' || lowering === 'sdot' ? 'relaxed_dot' : 'i16_dot';
}
