/** Builders of reports, for everything that takes a `NodeReport` out of the process. */
import { emptySpec } from '../../src/api/spec/nodeprep.ts';
import type { Condition } from '../../src/api/status/conditions.ts';
import type { Change } from '../../src/areas/area.ts';
import type { NodeReport } from '../../src/reconcile/report/node-report.ts';
import { type AreaReport, emptyReport, type EntryReport, type EntryState } from '../../src/reconcile/report/report.ts';

/** A change of a live value. */
export function aChange(target: string, more: Partial<Change> = {}): Change {
  return { action: 'update', target, from: '0', to: '1', scope: 'live', disruption: 'None', ...more };
}

/** A declared entry in a state. */
export function anEntry(name: string, state: EntryState = 'InSync'): EntryReport {
  return { name, required: true, desired: '1', state };
}

/** A report of the sysctls area in which nothing happened. */
export function anAreaReport(more: Partial<AreaReport> = {}): AreaReport {
  return { ...emptyReport('sysctls', 'Enforce', true), seconds: 0.01, ...more };
}

/** A condition that was written at the start of 2026. */
export function aCondition(more: Partial<Condition> = {}): Condition {
  return {
    type: 'Ready',
    status: 'True',
    reason: 'AsExpected',
    message: 'Everything is as declared.',
    lastTransitionTime: '2026-01-01T00:00:00Z',
    observedGeneration: 1,
    ...more,
  };
}

/** A round that visited all its areas and found the host ready. */
export function aNodeReport(more: Partial<NodeReport> = {}): NodeReport {
  const areas = more.areas ?? [anAreaReport()];
  const conditions = more.conditions ?? [aCondition()];
  return {
    snapshot: { name: 'node1', generation: 1, spec: emptySpec('Keep'), source: {} },
    cause: 'start',
    visited: areas.map((area) => area.area),
    areas,
    conditions,
    status: {
      observedGeneration: 1,
      mode: 'Enforce',
      entries: 0,
      inSyncEntries: 0,
      inSync: '0/0',
      conditions,
      areas: [],
    },
    repairs: [],
    seconds: 0.02,
    ...more,
  };
}
