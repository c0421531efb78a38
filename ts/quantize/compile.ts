import type { Graph } from '../graph/graph.js';
import { validateIntegerGraph } from '../integer/validate.js';
import { assignBits, type LayerBits } from './assign/bits.js';
import { assignRepresentations } from './assign/representations.js';
import { type ScaleGroups, scaleGroups } from './assign/scale-groups.js';
import { Scales } from './assign/scales.js';
import { nonNegativeValues } from './assign/signs.js';
import type { Statistics } from './calibration/calibrate.js';
import { preprocessRange } from './calibration/preprocess-range.js';
import { type Emission, emitIntegerGraph } from './emit/emit.js';
import type { ResolvedOptions } from './options.js';
import { isPassthrough, type Plan, producersOf } from './plan/plan.js';

export interface Compiled extends Emission {
  readonly bits: ReadonlyMap<string, LayerBits>;
}

/** From calibrated statistics to the IntegerGraph: no data, no engine, the same result on every host. */
export function compile(plan: Plan, groups: ScaleGroups, statistics: Statistics, options: ResolvedOptions): Compiled {
  const nonNegative = storedNonNegative(plan, groups, options);
  const bits = assignBits(plan, options.bits, nonNegative);
  const representations = assignRepresentations(plan, bits);
  const scales = new Scales(plan, groups, nonNegative, bits, representations, statistics, options);
  const emission = emitIntegerGraph(scales, options.preprocess);
  validateIntegerGraph(emission.graph);
  return { ...emission, bits };
}

/** Values stored unsigned: those that cannot be negative and share their scale only with such. */
function storedNonNegative(plan: Plan, groups: ScaleGroups, options: ResolvedOptions): Set<string> {
  const inputs = new Set(options.preprocess && preprocessRange(options.preprocess).lo >= 0 ? plan.inputs.slice(0, 1) : []);
  const single = nonNegativeValues(plan, inputs);
  const stored = new Set<string>();
  for (const members of groups.members().values()) {
    if (members.every((member) => single.has(member))) for (const member of members) stored.add(member);
  }
  return stored;
}

/**
 * The values whose ranges calibration must see: all that are no mere passthrough and stand in the Graph; of a scale group that has none
 * of those, every member that stands in the Graph.
 */
export function observedValues(plan: Plan, graph: Graph, groups: ScaleGroups): Set<string> {
  const producers = producersOf(plan);
  const observed = new Set<string>();
  for (const members of groups.members().values()) {
    const known = members.filter((member) => graph.values.has(member));
    const own = known.filter((member) => !producers.has(member) || !isPassthrough(producers.get(member)!.op));
    for (const member of own.length > 0 ? own : known) observed.add(member);
  }
  return observed;
}
