/** Tells new drift from drift that is known already, so that one deviation is counted once. */
import type { AreaName } from '../../api/spec/nodeprep.ts';
import type { Change } from '../../areas/area.ts';
import type { AreaReport } from '../../reconcile/report/report.ts';

/** What one report adds to the counters of an area. */
export interface DriftCount {
  readonly detected: number;
  readonly corrected: number;
}

/** Remembers per area which deviations are open. */
export interface DriftBook {
  /** `isDrift` is false when a spec is applied for the first time: those changes have no other author. */
  readonly count: (report: AreaReport, isDrift: boolean) => DriftCount;
}

const keyOf = (change: Change) => `${change.scope} ${change.target}`;

/** An empty book. */
export function createDriftBook(): DriftBook {
  const known = new Map<AreaName, ReadonlySet<string>>();
  const drifted = new Map<AreaName, ReadonlySet<string>>();
  return {
    count: (report, isDrift) => {
      const before = known.get(report.area) ?? new Set();
      const open = new Set(drifted.get(report.area));
      const fresh = new Set(report.drift.map(keyOf).filter((key) => !before.has(key)));
      if (isDrift) for (const key of fresh) open.add(key);
      const corrected = new Set(report.applied.map(keyOf).filter((key) => open.has(key)));
      const waiting = [...report.remaining, ...report.deferred.map(({ change }) => change)];
      const left = new Set(waiting.map(keyOf));
      known.set(report.area, left);
      drifted.set(report.area, new Set([...open].filter((key) => left.has(key))));
      return { detected: isDrift ? fresh.size : 0, corrected: [...corrected].filter((key) => !left.has(key)).length };
    },
  };
}
