/**
 * Swap: off now and after every boot, or checked to fit the kubelet when it is wanted.
 *
 * Live, each device of /proc/swaps is turned off on its own, after a check that its contents fit into
 * memory. For the boot, everything that could bring swap back is held: lines of /etc/fstab carry our
 * marker, and the units (from files, fstab, the GPT, zram-generator) and services are masked. Each of
 * these is recorded, so that removal takes back exactly what was ours. Without systemd, fstab is all
 * there is. `LimitedSwap` changes nothing and reports what does not fit together.
 */
import { dirname } from 'node:path';
import type { Area } from '../area.ts';
import { applySwapStep } from './apply/apply.ts';
import { type Desired, desiredFrom } from './desired.ts';
import { explainSwap } from './explain.ts';
import { SWAP_GAUGES } from './gauges.ts';
import { hintsFor } from './hints.ts';
import { rivalOf, SWAP_KNOWLEDGE } from './knowledge.ts';
import { observeSwap, type Observed } from './observe/observe.ts';
import { FSTAB } from './plan/fstab.ts';
import { SYSTEM_UNITS } from './plan/own-files.ts';
import { planSwap } from './plan/plan.ts';
import type { SwapStep } from './plan/steps.ts';
import { SWAP_READS } from './reads.ts';
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
  topics: [{ name: 'swap', why: SWAP_KNOWLEDGE.why }],
  reads: SWAP_READS,
  // fstab, masks of units, and the folder that a mask below /etc may have to be made in.
  writesIn: [dirname(FSTAB), SYSTEM_UNITS, dirname(SYSTEM_UNITS)],
  gauges: SWAP_GAUGES,
  rights: {
    // A container may not turn swap off whatever its capabilities: in a pod, systemd does it (docs/adr/0027).
    unit: {
      CapabilityBoundingSet: { CAP_SYS_ADMIN: 'swapoff' },
      SystemCallFilter: { '@swap': 'swapoff, which runs as a child' },
      DeviceAllow: { 'block-* rw': 'swapoff opens the device' },
    },
    unprotected: {
      PrivateDevices: 'swapoff opens the device; DevicePolicy= allows block devices only',
      ProtectHome: 'a swap file may lie below /home, and swapoff has to open it for writing',
    },
  },
};
