/** Whether a network's logits are those of the network it should be. */

/** How far the largest logit may be off, as a share of the largest of float: wide for int8, since it only shows that the right network ran. */
const TOLERANCE = { f32: 1e-3, int8: 0.3, int4: Infinity };

/** Largest difference from float's logits, as a share of the largest of them. Throws when it is not the same network. */
export function checkLogits(id, type, logits, reference) {
  const most = reference.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const error = reference.reduce((largest, value, i) => Math.max(largest, Math.abs(value - logits[i])), 0) / most;
  if (logits.length !== reference.length || !(error <= TOLERANCE[type])) throw new Error(`${id} ${type}: logits differ from float's by ${error} of the largest`);
  return error;
}
