/** Reports to the status of the NodePrep object. Pure. */
import type { Condition } from '../../api/status/conditions.ts';
import { API_VERSION, type Mode } from '../../api/spec/nodeprep.ts';
import {
  type AreaCounts,
  type AreaState,
  type AreaStatus,
  boundedRows,
  type NodeFacts,
  type NodePrep,
  type NodePrepStatus,
} from '../../api/status/status.ts';
import type { NodeReport } from './node-report.ts';
import { type PendingPlan, pendingStatusFrom } from './pending.ts';
import { type AreaReport, ENTRY_STATES, type EntryReport, type EntryState } from './report.ts';

/** The status for the given reports and conditions. */
export function statusFrom(input: {
  readonly reports: readonly AreaReport[];
  readonly conditions: readonly Condition[];
  readonly generation: number;
  readonly mode: Mode;
  readonly facts?: NodeFacts;
  readonly pending?: PendingPlan | undefined;
}): NodePrepStatus {
  const entries = input.reports.flatMap((report) => report.entries);
  const inSyncEntries = entries.filter((entry) => entry.state === 'InSync').length;
  return {
    observedGeneration: input.generation,
    mode: input.mode,
    inSync: `${inSyncEntries}/${entries.length}`,
    entries: entries.length,
    inSyncEntries,
    ...(input.facts === undefined ? {} : { node: input.facts }),
    ...(input.pending === undefined ? {} : { pending: pendingStatusFrom(input.pending) }),
    conditions: input.conditions,
    areas: input.reports.map(areaStatusFrom),
  };
}

/** The whole object, as the status file and `status -o json` have it. */
export function nodePrepFrom(report: NodeReport): NodePrep {
  const { name, generation, source } = report.snapshot;
  return {
    apiVersion: API_VERSION,
    kind: 'NodePrep',
    metadata: { name, generation },
    spec: source,
    status: report.status,
  };
}

function areaStatusFrom(report: AreaReport): AreaStatus {
  const differing = report.entries
    .filter((entry) => entry.state !== 'InSync')
    .toSorted((a, b) => severity(b.state) - severity(a.state));
  return {
    name: report.area,
    state: stateOf(report, differing[0]),
    counts: countsOf(report.entries),
    differing: boundedRows(
      differing.map((entry) => ({
        name: entry.name,
        expected: entry.desired,
        actual: actualOf(entry),
        reason: entry.reason ?? 'Drifted',
        message: entry.message ?? '',
      })),
    ),
  };
}

/** The side that differs, or both: a live value that is right says nothing about a file that is not. */
function actualOf(entry: EntryReport): string {
  if (entry.halves === 'both') {
    const persistent = entry.persistent === undefined ? 'not persisted' : `at boot ${shown(entry.persistent)}`;
    return `${shown(entry.live ?? 'absent')}, ${persistent}`;
  }
  const actual = entry.reason === 'PersistentDrift' ? entry.persistent : entry.live;
  return actual === undefined ? '' : shown(actual);
}

/** A parameter without a value is there, as an absent one is not. */
function shown(value: string): string {
  return value === '' ? '(empty)' : value;
}

function stateOf(report: AreaReport, worst: EntryReport | undefined): AreaState {
  if (report.mode === 'Paused') return 'Paused';
  if (report.isUnseen === true) return 'Unknown';
  if (report.error !== undefined || report.failures.length > 0) return 'Failed';
  if (worst !== undefined) return worst.state;
  return report.managed ? 'InSync' : 'NotManaged';
}

function countsOf(entries: readonly EntryReport[]): AreaCounts {
  const count = (state: EntryState) => entries.filter((entry) => entry.state === state).length;
  return {
    total: entries.length,
    inSync: count('InSync'),
    pending: count('Pending'),
    drifted: count('Drifted'),
    conflicting: count('Conflicting'),
    blocked: count('Blocked'),
    failed: count('Failed'),
  };
}

function severity(state: EntryState): number {
  return ENTRY_STATES.indexOf(state);
}
