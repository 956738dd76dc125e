/**
 * Swap: off now and after every boot, or checked to fit the kubelet when it is wanted.
 *
 * Live, each device of /proc/swaps is turned off on its own, after a check that its contents fit into
 * memory. For the boot, everything that could bring swap back is held: lines of /etc/fstab carry our
 * marker, and the units (from files, fstab, the GPT, zram-generator) and services are masked. Each of
 * these is recorded, so that removal takes back exactly what was ours. Without systemd, fstab is all
 * there is. `LimitedSwap` changes nothing and reports what does not fit together.
 */
import type { Area } from '../area.ts';
import { applySwapStep } from './apply/apply.ts';
import { type Desired, desiredFrom } from './desired.ts';
import { explainSwap } from './explain.ts';
import { hintsFor } from './hints.ts';
import { rivalOf } from './knowledge.ts';
import { observeSwap, type Observed } from './observe/observe.ts';
import { planSwap } from './plan/plan.ts';
import type { SwapStep } from './plan/steps.ts';
import { verifySwap } from './verify.ts';

/** The area that keeps swap as declared. */
export const swap: Area<Desired, Observed, SwapStep> = {
  name: 'swap',
  desired: desiredFrom,
  observe: observeSwap,
  plan: planSwap,
  apply: applySwapStep,
  hints: hintsFor,
  rival: rivalOf,
  explain: explainSwap,
  verify: verifySwap,
};
