/** Changes that are not made now: what each waits for, in words. Pure. */
import type { NodeReport } from './node-report.ts';
import type { Deferred, WhyNotNow } from './report.ts';

/** Whether the change will be made without the host being called drifted meanwhile. */
export function isLater({ why }: Deferred): boolean {
  return why !== 'held off' && why !== 'reported';
}

const WHEN: Readonly<Record<WhyNotNow, string>> = {
  boot: 'at the next boot',
  approval: 'once it is approved',
  drain: 'once the pods that it would disturb are gone ("kubectl drain"), or at the next reboot',
  'boot gate': 'by the daemon, once the boot has gone on',
  'held off': 'when the other program stops',
  reported: 'never: the spec asks for a report only',
};

/** When a change is made: `at the next boot`. */
export function whenText(why: WhyNotNow): string {
  return WHEN[why];
}

/**
 * Whether all that is missing can only happen after the boot has gone on, such as an approval, a confirmation or
 * the start of a unit: waiting for it before the kubelet starts would be waiting forever.
 */
export function isOnlyLater(report: NodeReport): boolean {
  const ready = report.conditions.find((condition) => condition.type === 'Ready');
  if (ready?.status !== 'False') return false;
  const isWaiting = report.areas.some(
    ({ deferred, blocked }) =>
      deferred.some((one) => isLater(one) && one.why !== 'boot') ||
      blocked.some(({ waitsFor }) => waitsFor !== undefined),
  );
  if (!isWaiting) return false;
  return report.areas.every((area) => {
    const stuck = area.entries.some((entry) => entry.required && !['InSync', 'Pending'].includes(entry.state));
    const boots = area.deferred.some(({ why }) => why === 'boot');
    const now = area.blocked.some((finding) => finding.required !== false && finding.waitsFor === undefined);
    const drift = area.mode === 'Audit' || (!area.managed && area.remaining.length > 0);
    return area.error === undefined && area.failures.length === 0 && !stuck && !boots && !now && !drift;
  });
}
