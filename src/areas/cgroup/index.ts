/**
 * Control groups: kernel, container runtime and kubelet in agreement.
 *
 * The running runtime is asked over its socket before its files are believed; where pods really are is seen in
 * /sys/fs/cgroup. A runtime that does not run, as at boot, is judged by its files. The declared driver is written into
 * the files of runtime and kubelet by an edit that keeps every other byte, which containerd confirms first; the
 * runtime is restarted and proved, or gets its previous file back. What is not edited safely is one finding with all four
 * places and with the lines that a person writes.
 */
import type { Area } from '../area.ts';
import { applyCgroup } from './apply/apply.ts';
import { type Desired, desiredFrom } from './desired.ts';
import { explainCgroup } from './explain.ts';
import { factsOf } from './facts.ts';
import { CGROUP_COUNTERS, CGROUP_GAUGES } from './gauges.ts';
import { hintsFor } from './hints.ts';
import { rivalOf } from './knowledge.ts';
import { observeCgroup, type Observed } from './observe/observe.ts';
import { planCgroup } from './plan/plan.ts';
import type { CgroupStep } from './plan/steps.ts';
import { CGROUP_FOLDERS, CGROUP_READS } from './reads.ts';
import { verifyCgroup } from './verify.ts';

/** The area that compares the control groups of kernel, runtime and kubelet. */
export const cgroup: Area<Desired, Observed, CgroupStep> = {
  name: 'cgroup',
  desired: desiredFrom,
  observe: observeCgroup,
  plan: planCgroup,
  apply: applyCgroup,
  hints: hintsFor,
  rival: rivalOf,
  explain: explainCgroup,
  verify: verifyCgroup,
  facts: factsOf,
  gauges: CGROUP_GAUGES,
  counters: CGROUP_COUNTERS,
  reads: CGROUP_READS,
  writesIn: CGROUP_FOLDERS,
  rights: { unit: { RestrictAddressFamilies: { AF_UNIX: 'the socket of the container runtime' } } },
};
