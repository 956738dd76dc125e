/** The plan that disturbs the node and waits: what an approval is given to. Pure. */
import type { AreaName } from '../../api/spec/nodeprep.ts';
import { MAX_PENDING_CHANGES, type PendingStatus } from '../../api/status/status.ts';
import type { Change } from '../../areas/area.ts';
import { createSha256 } from '../../host/sha256.ts';
import type { AreaReport, Deferred } from './report.ts';

/** Most characters of a hash are noise; ten can be typed. */
const HASH_CHARACTERS = 10;
const CLASSES = ['Restart', 'Drain', 'Reboot'] as const;

/** One change of the plan, with its area. */
export interface PendingChange extends Change {
  readonly area: AreaName;
}

/** Everything that waits for an approval or a reboot, over all areas. */
export interface PendingPlan {
  readonly disruption: (typeof CLASSES)[number];
  /** Hash over targets and wanted values; the same whatever the host shows now. */
  readonly plan: string;
  readonly changes: readonly PendingChange[];
  /** Whether steps are held; otherwise only a reboot is outstanding, which holds nothing. */
  readonly isHeld: boolean;
}

/** What identifies a change in a plan: where it goes, not from where. */
export function changeKey(area: AreaName, { target, to, scope }: Change): string {
  return JSON.stringify([area, scope, target, to ?? null]);
}

/** The plan of the given reports; `undefined` when nothing that disturbs is outstanding. */
export function pendingFrom(reports: readonly AreaReport[]): PendingPlan | undefined {
  const waits = ({ why, change }: Deferred) => why === 'approval' || (why === 'boot' && change.disruption === 'Reboot');
  const changes = reports.flatMap(({ area, deferred }) =>
    deferred.filter(waits).map(({ change }): PendingChange => ({ ...change, area })),
  );
  if (changes.length === 0) return undefined;
  const isHeld = reports.some(({ deferred }) => deferred.some(({ why }) => why === 'approval'));
  const worst = Math.max(0, ...changes.map(({ disruption }) => (CLASSES as readonly string[]).indexOf(disruption)));
  const keys = changes.map((change) => changeKey(change.area, change)).toSorted();
  const plan = createSha256().update(keys.join('\n')).digest('hex').slice(0, HASH_CHARACTERS);
  return { disruption: CLASSES[worst] ?? 'Restart', plan, changes, isHeld };
}

/** The plan as the status has it. */
export function pendingStatusFrom({ disruption, plan, changes }: PendingPlan): PendingStatus {
  const more = changes.length - MAX_PENDING_CHANGES;
  return {
    disruption,
    plan,
    changes: changes.slice(0, MAX_PENDING_CHANGES).map(({ area, action, target, from, to, disruption: disturbs }) => ({
      area,
      action,
      target,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      disruption: disturbs,
    })),
    ...(more > 0 ? { more } : {}),
  };
}
