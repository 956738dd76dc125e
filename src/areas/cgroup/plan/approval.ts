/** What a person must know who approves a change of the driver. Pure. */
import type { CgroupDriver } from '../../../api/parts/cgroup.ts';
import type { Finding } from '../../area.ts';
import type { Observed } from '../observe/observe.ts';
import { consequenceOf } from './drivers.ts';
import type { CgroupStep } from './steps.ts';

/** Why nothing is done yet, and what an approval does. */
export function approvalFinding(
  driver: CgroupDriver | undefined,
  observed: Observed,
  steps: readonly CgroupStep[],
): Omit<Finding, 'target'> {
  const why = driver === undefined ? 'Files go back to what they were.' : consequenceOf(driver, observed);
  return { reason: 'AwaitingApproval', message: `${why} ${effectsOf(steps)}`, waitsFor: 'approval' };
}

/** What an approval of the steps does. */
export function effectsOf(steps: readonly CgroupStep[]): string {
  const has = (kind: CgroupStep['kind']) => steps.some((step) => step.kind === kind);
  const units = steps.flatMap((step) => (step.kind === 'restart-runtime' ? [step.unit.replace('.service', '')] : []));
  const restarted = [...units, ...(has('stop-kubelet') ? ['the kubelet'] : [])];
  const does = [
    ...(restarted.length === 0 ? [] : [`restarts ${restarted.join(' and ')}`]),
    ...(has('stop-pods') ? ['makes all pods of the old driver anew'] : []),
  ];
  const stopped = units.includes('docker')
    ? ' Docker stops all its containers when it restarts, unless live-restore is on.'
    : '';
  const what = does.length === 0 ? 'changes the driver of the next start' : does.join(' and ');
  return `An approval ${what}. Drain the node before.${stopped}`;
}
