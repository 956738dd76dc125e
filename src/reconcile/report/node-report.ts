/** What one round over the areas found, as the sinks take it out of the process. */
import type { Condition } from '../../api/status/conditions.ts';
import type { AreaName, NodePrepSpec, NodePrepSpecSource } from '../../api/spec/nodeprep.ts';
import type { NodePrepStatus } from '../../api/status/status.ts';
import type { AreaReport } from './report.ts';

/** Why a round ran. `start` and `spec` are first applications, all others find drift. */
export const PASS_CAUSES = ['start', 'spec', 'event', 'poll', 'resync', 'retry'] as const;
export type PassCause = (typeof PASS_CAUSES)[number];

/** Whether what such a round changes corrects what another program or a person did. */
export function isCorrection(cause: PassCause): boolean {
  return cause !== 'start' && cause !== 'spec';
}

/** The declared spec at one moment. A removed NodePrep is the empty spec, not a special case. */
export interface SpecSnapshot {
  readonly name: string;
  /** Of the object in the cluster that the spec is of. */
  readonly uid?: string;
  readonly generation: number;
  /** Tells apart two specs of one generation that come from different places; default the generation. */
  readonly revision?: string;
  readonly spec: NodePrepSpec;
  /** As people wrote it, for printing. */
  readonly source: NodePrepSpecSource;
  /** That the newest spec was refused, what is enforced instead, and why. */
  readonly refused?: string;
  /** Why nothing is declared for this node: its NodePrep was deleted, or there never was one. */
  readonly absent?: string;
  /** What the local spec declares and the cluster keeps as another manager wrote it. */
  readonly ownedElsewhere?: string;
  /** Fields that a newer release wrote and this one does not know. */
  readonly ignored?: readonly string[];
}

/** What makes two snapshots the same spec, whatever is said about it besides. */
export function revisionOf(snapshot: SpecSnapshot): string | number {
  return snapshot.revision ?? snapshot.generation;
}

/** Notes about the spec; absent ones are left out. */
export function sayingsOf(
  snapshot: SpecSnapshot,
): Pick<SpecSnapshot, 'refused' | 'absent' | 'ownedElsewhere' | 'ignored'> {
  const { refused, absent, ownedElsewhere, ignored } = snapshot;
  return {
    ...(refused === undefined ? {} : { refused }),
    ...(absent === undefined ? {} : { absent }),
    ...(ownedElsewhere === undefined ? {} : { ownedElsewhere }),
    ...(ignored === undefined ? {} : { ignored }),
  };
}

/** One round: areas that were not looked at keep their last report. */
export interface NodeReport {
  readonly snapshot: SpecSnapshot;
  readonly cause: PassCause;
  /** Areas reconciled in this round. */
  readonly visited: readonly AreaName[];
  readonly areas: readonly AreaReport[];
  readonly conditions: readonly Condition[];
  readonly status: NodePrepStatus;
  /** Seconds from the first sight of drift to its correction, for areas where that happened now. */
  readonly repairs: readonly { readonly area: AreaName; readonly seconds: number }[];
  readonly seconds: number;
  /** The round goes on: an area is still being changed. Nothing of it is to be counted yet. */
  readonly unfinished?: boolean;
}

/** Takes the outcome out of the process: a file, a terminal, metrics, later the API server. */
export interface ReportSink {
  readonly name: string;
  readonly publish: (report: NodeReport, signal: AbortSignal) => Promise<void>;
}

/** Gives the newest spec and tells when to look again. */
export interface SpecSource {
  /** The spec to enforce. Throws `SpecInvalidError` only when there never was a good one. */
  readonly current: () => Promise<SpecSnapshot>;
  /** Calls `onChange` without payload until the returned function is called. */
  readonly watch: (onChange: () => void) => Promise<() => Promise<void>>;
}
