/** What a pass found and did; conditions, events, metrics and tables derive from it and from nothing else. */
import type { AreaName, Mode } from '../../api/spec/nodeprep.ts';
import type { Reason } from '../../api/status/conditions.ts';
import type { Change, Finding } from '../../areas/area.ts';

/** How one declared entry stands after the pass, worst last in severity order of `ENTRY_STATES`. */
export const ENTRY_STATES = ['InSync', 'Pending', 'Drifted', 'Conflicting', 'Blocked', 'Failed'] as const;
export type EntryState = (typeof ENTRY_STATES)[number];

/** One declared entry, what was found and how it stands. */
export interface EntryReport {
  readonly name: string;
  readonly required: boolean;
  readonly desired: string;
  readonly live?: string;
  readonly persistent?: string;
  readonly state: EntryState;
  /** Set when the running system and what the next boot reads both differ. */
  readonly halves?: 'both';
  /** Set unless the entry is in sync. */
  readonly reason?: Reason;
  readonly message?: string;
}

/**
 * Why a change is not made now. `boot`: the next reboot makes it, or makes it possible. `approval`: it disturbs the
 * node. `drain`: not before the pods are gone. `boot gate`: it needs units that start after the boot unit.
 * `held off`: another program keeps undoing it. `reported`: the spec asks for no more.
 */
export type WhyNotNow = 'boot' | 'approval' | 'drain' | 'boot gate' | 'held off' | 'reported';

/** A change that is not made now. */
export interface Deferred {
  readonly change: Change;
  readonly why: WhyNotNow;
  readonly reason: Reason;
}

/** What one pass over one area found and did. */
export interface AreaReport {
  readonly area: AreaName;
  readonly mode: Mode;
  /** Whether the spec declares the area. */
  readonly managed: boolean;
  readonly entries: readonly EntryReport[];
  /** Changes that were needed before. */
  readonly drift: readonly Change[];
  /** Changes made now. */
  readonly applied: readonly Change[];
  /** Changes still needed after observing again, without those that will be made later. */
  readonly remaining: readonly Change[];
  /** Changes that are not made now, each with the reason; what is held off or reported only is in `remaining`, too. */
  readonly deferred: readonly Deferred[];
  readonly blocked: readonly Finding[];
  readonly conflicts: readonly Finding[];
  /** Entries whose corrections are held off because another program keeps undoing them. */
  readonly contested: readonly Finding[];
  /** Steps that were tried and failed. */
  readonly failures: readonly Finding[];
  readonly left: readonly Finding[];
  /** The area could not be observed or planned, or its originals could not be recorded. */
  readonly error?: Error;
  /** The host could not be looked at: nothing is known of the area, neither good nor bad. */
  readonly isUnseen?: boolean;
  /** Bugs of NodePrep that showed in this pass, each with its stack. */
  readonly defects?: readonly Error[];
  /** How long it took; a pass that finds everything as the one before gives the report of that one. */
  readonly seconds: number;
}

/** A report in which nothing was found and nothing done. */
export function emptyReport(area: AreaName, mode: Mode, managed: boolean): Omit<AreaReport, 'seconds'> {
  return {
    area,
    mode,
    managed,
    entries: [],
    drift: [],
    applied: [],
    remaining: [],
    deferred: [],
    blocked: [],
    conflicts: [],
    contested: [],
    failures: [],
    left: [],
  };
}

/** The report of an area about which the host has not answered yet. */
export function unansweredReport(area: AreaName, mode: Mode, managed: boolean): AreaReport {
  const message = `The host has not answered yet what there is of ${area}: a command or a file system hangs. NodePrep goes on with the rest of the node meanwhile; look at the processes that nodeprep has started.`;
  const failures: readonly Finding[] = [{ target: area, reason: 'Pending', message, transient: true }];
  return { ...emptyReport(area, mode, managed), failures, isUnseen: true, seconds: 0 };
}

/** One report of two visits in one round: what the first one did is not lost. */
export function joined(first: AreaReport | undefined, second: AreaReport): AreaReport {
  if (first === undefined) return second;
  return { ...second, drift: first.drift, applied: [...first.applied, ...second.applied] };
}
