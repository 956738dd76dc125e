/** Changes that are not made now: what each waits for, in words. Pure. */
import type { Change } from '../../areas/area.ts';
import type { AreaReport } from './report.ts';

type Deferred = AreaReport['deferred'][number];

/** Whether a change waits for the pods of the node, and not for a reboot. */
export function isDrain({ change }: Pick<Deferred, 'change'>): boolean {
  return change.disruption === 'Drain';
}

/** When a change is made: `at the next boot`. */
export function waitText(change: Change): string {
  if (!isDrain({ change })) return 'at the next boot';
  return 'once the pods that it would disturb are gone ("kubectl drain"), or at the next reboot';
}
