/**
 * The passes that run now, at most one for each area. The order of the areas is their dependency, so a round waits
 * for each; but not for long: a command of the host that hangs must not keep drift of other areas from being
 * corrected. Such a pass goes on by itself, and a later round takes its report.
 */
import type { AreaName } from '../../api/spec/nodeprep.ts';
import type { Change } from '../../areas/area.ts';
import type { StepEvent } from '../pass/context.ts';
import type { AreaReport } from '../report/report.ts';

/** A pass to be made, and what it is made for. */
export interface PassRequest<T> {
  readonly area: AreaName;
  /** What the report is taken with when the pass has ended. */
  readonly about: T;
  readonly run: () => Promise<AreaReport>;
}

/** A pass that has ended. */
export interface EndedPass<T> {
  readonly report: AreaReport;
  readonly about: T;
  /** The area was asked for once more while the pass ran. */
  readonly isAskedAgain: boolean;
}

/** Passes by area. */
export interface Passes<T> {
  /** The pass of an area, which is begun unless one runs or has ended; `undefined` when it has not ended after `patienceMs`. */
  readonly take: (request: PassRequest<T>, patienceMs: number) => Promise<EndedPass<T> | undefined>;
  /** Whether the area has a pass whose report was not taken yet. */
  readonly has: (area: AreaName) => boolean;
  /** Notes what a pass is going to change, and what it is changing. */
  readonly planned: (area: AreaName, report: () => AreaReport) => void;
  readonly noted: (event: StepEvent) => void;
  /** How the areas stand that are being changed. */
  readonly changing: () => readonly { readonly report: AreaReport; readonly changes: readonly Change[] }[];
  /** Resolves once no pass runs. */
  readonly rest: () => Promise<void>;
}

interface Pass<T> {
  readonly about: T;
  readonly work: Promise<AreaReport>;
  report?: AreaReport;
  isAskedAgain: boolean;
  /** Made when it is asked for, because most changes are made long before. */
  plan?: () => AreaReport;
  changes: readonly Change[];
}

/** Without passes yet. `onLate` is told of each that ends after the round that began it has gone on. */
export function createPasses<T>(onLate: (area: AreaName) => void): Passes<T> {
  const passes = new Map<AreaName, Pass<T>>();

  function begin({ area, about, run }: PassRequest<T>): Pass<T> {
    const work = run();
    const pass: Pass<T> = { about, work, isAskedAgain: false, changes: [] };
    passes.set(area, pass);
    return pass;
  }

  function taken(area: AreaName, { about, isAskedAgain }: Pass<T>, report: AreaReport): EndedPass<T> {
    passes.delete(area);
    return { about, isAskedAgain, report };
  }

  return {
    take: async (request, patienceMs) => {
      const { area } = request;
      const running = passes.get(area);
      if (running?.report !== undefined) return taken(area, running, running.report);
      if (running !== undefined) {
        running.isAskedAgain = true;
        return undefined;
      }
      const pass = begin(request);
      try {
        const report = await within(pass.work, patienceMs);
        if (report !== undefined) return taken(area, pass, report);
      } catch (error) {
        passes.delete(area);
        throw error;
      }
      const ended = (report: AreaReport) => {
        pass.report = report;
        onLate(area);
      };
      // It rejects only when everything ends.
      pass.work.then(ended).catch(() => passes.delete(area));
      return undefined;
    },
    has: (area) => passes.has(area),
    planned: (area, plan) => {
      const pass = passes.get(area);
      if (pass !== undefined) pass.plan = plan;
    },
    noted: ({ type, area, changes }) => {
      const pass = passes.get(area);
      if (pass !== undefined && type === 'applying') pass.changes = changes;
    },
    changing: () =>
      [...passes.values()].flatMap(({ plan, changes, report }) =>
        plan === undefined || report !== undefined ? [] : [{ report: plan(), changes }],
      ),
    rest: async () => {
      await Promise.allSettled([...passes.values()].map(({ work }) => work));
    },
  };
}

/** What the work comes to, or `undefined` when it takes longer. */
async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms, undefined);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
