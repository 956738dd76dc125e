/**
 * Kernel parameters: live below /proc/sys, and for the next reboot in a file of sysctl.d that is
 * ours alone. In comes the spec's list with canonical names (and its modules, since some
 * parameters appear with one); out go steps per key and one per file. Values are compared by
 * meaning, read back after every write, and persisted only when the kernel holds them. The
 * sysctl.d chain is replayed as its two readers do, so that a file which overrides ours is named.
 */
import { dirname } from 'node:path';
import type { Area } from '../area.ts';
import { applySysctlStep } from './apply/apply.ts';
import { CONF_PATH, RULES_PATH } from './boot-files/own-files.ts';
import { type Desired, desiredFrom } from './desired.ts';
import { explainSysctl, siblingsOf } from './explain.ts';
import { hintsFor } from './hints.ts';
import { rivalOf, TOPICS } from './knowledge/knowledge.ts';
import { ON_DEMAND } from './knowledge/capabilities.ts';
import { type Observed, observeSysctls } from './observe/observe.ts';
import { planSysctls } from './plan/plan.ts';
import type { SysctlStep } from './plan/steps.ts';
import { SYSCTL_READS } from './reads.ts';
import { verifySysctls } from './verify.ts';

/** The area of kernel parameters. */
export const sysctls: Area<Desired, Observed, SysctlStep> = {
  name: 'sysctls',
  desired: desiredFrom,
  observe: observeSysctls,
  plan: planSysctls,
  apply: async (host, step, signal) => applySysctlStep(host, step, signal),
  hints: hintsFor,
  rival: rivalOf,
  explain: explainSysctl,
  verify: verifySysctls,
  topics: TOPICS,
  namesLike: siblingsOf,
  reads: SYSCTL_READS,
  writesIn: [dirname(CONF_PATH), dirname(RULES_PATH)],
  rights: {
    unit: {
      CapabilityBoundingSet: { CAP_NET_ADMIN: 'net.*', CAP_SYS_RESOURCE: 'limits such as fs.* and user.*' },
    },
    onDemand: ON_DEMAND,
    unprotected: {
      ProtectKernelTunables: 'kernel parameters are the work',
      ProtectProc: 'the kernel tells of a changed parameter only on the procfs on which it was changed',
      ProcSubset: 'the same',
      ProtectControlGroups: 'it would mount a second procfs; ReadOnlyPaths= protects the control groups instead',
      PrivateNetwork: 'net.* belongs to the network namespace of the process that writes it',
    },
    pod: {
      capabilities: { NET_ADMIN: 'net.*', SYS_RESOURCE: 'user.*' },
      namespaces: {
        hostNetwork: 'net.* belongs to the network namespace of the process that writes it',
        hostIPC: 'shared memory and queues of kernel.* belong to the IPC namespace of the process that writes them',
      },
    },
  },
};
