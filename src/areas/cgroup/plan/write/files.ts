/** Everything that a plan does to configuration files, and what it leaves to a person. Pure. */
import type { Finding, Memory } from '../../../area.ts';
import type { Desired } from '../../desired.ts';
import { capitalised, driverFindings } from '../drivers.ts';
import type { Observed } from '../../observe/observe.ts';
import type { WriteStep } from '../steps.ts';
import { planRemoval } from './removal.ts';
import { planWrites } from './writes.ts';

/** What becomes of the files. */
export interface Files {
  /** Runtimes before the kubelet. */
  readonly steps: readonly WriteStep[];
  /** Files of others that win, with the lines to write. */
  readonly conflicts: readonly Finding[];
  /** Files that are not edited, with the lines to write. */
  readonly blocked: readonly Finding[];
  readonly left: readonly Finding[];
  /** Ledger keys for which nothing is left to do. */
  readonly spent: readonly string[];
}

/** Plans them. */
export function planFiles(desired: Desired, observed: Observed, memory: Memory): Files {
  const removal = planRemoval(desired, observed, memory);
  const { spec } = desired;
  if (spec === undefined) return { ...removal, conflicts: [], blocked: [] };
  const { steps, byHand } = planWrites(spec, observed);
  const [first] = driverFindings(spec, observed);
  const found = [...byHand].map(([user, { reason, why, place }]): Finding => {
    const lines = observed.runtimes.find(({ name }) => name === user)?.config.lines[spec.driver ?? 'systemd'];
    const next = lines === undefined ? '' : ` ${capitalised(lines)}, then restart ${user}.`;
    const said = first?.message ?? `With its next start ${user} has another driver than ${spec.driver}.${next}`;
    return {
      target: 'cgroup',
      reason,
      message: `${said} NodePrep does not write it: ${why}.`,
      ...(place === undefined ? {} : { file: place.file }),
      ...(place?.line === undefined ? {} : { line: place.line }),
      ...(observed.kubelet?.isSetUp === true ? {} : { required: false }),
    };
  });
  return {
    steps: [...steps, ...removal.steps],
    conflicts: found.filter(({ reason }) => reason === 'RuntimeFileElsewhere'),
    blocked: found.filter(({ reason }) => reason !== 'RuntimeFileElsewhere'),
    left: removal.left,
    spent: removal.spent,
  };
}
