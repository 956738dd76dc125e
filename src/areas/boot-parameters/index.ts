/**
 * Kernel parameters of the boot: on the line of every boot, and proven by their effect.
 *
 * A boot loader is recognised by its files. What the next boot reads is compared entry by entry before and after each
 * change, and a change that touches more than the declared words is taken back: a machine that does not start is the
 * one fault that nothing on it can repair. What is for the next boot only waits for a reboot, which NodePrep never makes.
 */
import type { Area } from '../area.ts';
import { applyBootStep } from './apply/apply.ts';
import { type Desired, desiredFrom } from './desired.ts';
import { explainBoot } from './explain.ts';
import { hintsFor } from './hints.ts';
import { BOOT_TOPICS, rivalOf } from './knowledge.ts';
import { observeBoot, type Observed } from './observe/observe.ts';
import { planBoot } from './plan/plan.ts';
import type { BootStep } from './plan/steps.ts';
import { BOOT_READS, BOOT_WRITTEN } from './reads.ts';
import { verifyBoot } from './verify.ts';

/** The area that keeps kernel parameters of the boot as declared. */
export const bootParameters: Area<Desired, Observed, BootStep> = {
  name: 'bootParameters',
  desired: desiredFrom,
  observe: observeBoot,
  plan: planBoot,
  apply: applyBootStep,
  hints: hintsFor,
  rival: rivalOf,
  explain: explainBoot,
  verify: verifyBoot,
  topics: BOOT_TOPICS,
  reads: BOOT_READS,
  writesIn: BOOT_WRITTEN,
  rights: {
    unit: {
      ReadWritePaths: {
        '-/boot': 'files of boot loaders; ProtectSystem= makes the folder read-only',
        '-/efi': 'the same where the EFI system partition is mounted there',
      },
    },
  },
};
