/** The policies by the names that the command line knows. */
import { dai8 } from './dai8.js';
import { dsgc } from './dsgc.js';
import { interval } from './interval.js';
import { minmax } from './minmax.js';
import { mse } from './mse.js';

/** Each makes a policy with its default options. */
export const GRADIENT_POLICIES = { interval, minmax, mse, dsgc, dai8 } as const;

export type GradientPolicyName = keyof typeof GRADIENT_POLICIES;
