/**
 * Runs rounds over the areas and remembers what the next round needs: the last report of each area,
 * the conditions, fights over values and since when there is drift. Knows no timers and no files.
 */
import type { Condition } from '../../api/status/conditions.ts';
import type { AreaName, NodePrepSpec } from '../../api/spec/nodeprep.ts';
import type { NodeFacts } from '../../api/status/status.ts';
import type { Change } from '../../areas/area.ts';
import type { Host } from '../../host/host.ts';
import { isSameList, unchanged } from '../../host/unchanged.ts';
import { conditionsFrom } from '../report/conditions.ts';
import { createContention } from './contention.ts';
import type { FightRecord } from './fights.ts';
import type { Ledger } from '../ledger/ledger.ts';
import {
  isCorrection,
  type NodeReport,
  type PassCause,
  revisionOf,
  sayingsOf,
  type SpecSnapshot,
} from '../report/node-report.ts';
import { pendingFrom } from '../report/pending.ts';
import { createDisturbance } from './disturbance.ts';
import type { ManagedArea } from '../pass/pass.ts';
import type { PassContext, StepEvent } from '../pass/context.ts';
import { createPasses, type EndedPass } from './passes.ts';
import type { PlanDraft } from '../pass/draft-steps.ts';
import { type AreaReport, joined, unansweredReport } from '../report/report.ts';
import { statusFrom } from '../report/status.ts';

/** What an engine is built from. */
export interface EngineParts {
  readonly areas: readonly ManagedArea[];
  readonly host: Host;
  readonly ledger: Ledger;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly now: () => Date;
  readonly dryRun?: boolean;
  /** Where a dry run tries the steps. */
  readonly draft?: PlanDraft;
  /** Whether the time for changes is over; they then remain. */
  readonly isOver?: () => boolean;
  readonly onStep?: (event: StepEvent, cause: PassCause) => void;
  /** Conditions of an earlier process, so that transition times survive a restart. */
  readonly previous?: readonly Condition[];
  /** Whether no pod and no kubelet is there that a change could disturb; default: what the files of the host tell. */
  readonly nothingToDisturb?: () => Promise<boolean>;
  /** Told when an approval could not be read or recorded: it counts as not given. */
  readonly onProblem?: (problem: string) => void;
  /** The boot waits for this engine. */
  readonly isBootGate?: boolean;
  /** Where fights outlast the process; absent for commands that run once. */
  readonly fights?: FightRecord;
  /** Reads facts about the host for tables, after the first round and after each that looked at an area with facts. */
  readonly facts?: () => Promise<NodeFacts>;
}

/** Which areas a round visits and why. */
export interface RoundRequest {
  readonly snapshot: SpecSnapshot;
  readonly cause: PassCause;
  /** Areas to visit; default all. */
  readonly areas?: ReadonlySet<AreaName>;
  /** When the reason for the round was first seen, in the engine's clock. */
  readonly seenAt?: number;
  /**
   * Told of an area that the round did not wait for, once another round can take its report. Without it the round
   * ends when everything has ended.
   */
  readonly onLate?: (area: AreaName) => void;
  /** The longest to wait for one area, where there is less time than an area usually gets. */
  readonly patienceMs?: number;
}

/** Runs rounds over the areas and turns each into a report. */
export interface Engine {
  readonly round: (request: RoundRequest, signal: AbortSignal) => Promise<NodeReport>;
  /** How things stand in the middle of a round; `undefined` while nothing is being changed. */
  readonly interim: () => NodeReport | undefined;
  /** Milliseconds until a held-off correction may be tried again. */
  readonly nextRelease: () => number | undefined;
  /** Ends every fight: the next correction is tried at once. */
  readonly forgive: () => void;
  /** Whether there is a request of a person in this file of the host. */
  readonly isRequested: (path: string) => Promise<boolean>;
  /** Resolves once nothing is being looked at or changed any more. */
  readonly rest: () => Promise<void>;
}

/**
 * How long a round waits for one area. An area that takes longer hangs, or has much to do, such as a swapoff. With a new
 * spec it waits longer, so that parameters come after the modules that bring them also on a slow machine.
 */
const PATIENCE_MS = { first: 10_000, later: 3000 } as const;

/** The round that began a pass. */
interface Begun {
  readonly request: RoundRequest;
  readonly started: number;
}

/** Creates an engine that remembers reports and contention between rounds. */
export function createEngine(parts: EngineParts): Engine {
  const { areas, clock } = parts;
  const reports = new Map<AreaName, AreaReport>();
  const driftSince = new Map<AreaName, number>();
  let conditions = parts.previous ?? [];
  let contention = createContention(clock);
  const disturbance = createDisturbance(parts);
  let revision: string | number | undefined;
  let facts: NodeFacts | undefined;
  let latest: Begun | undefined;
  let tellLate: RoundRequest['onLate'];
  const shownOf = unchanged(describe, isSameToShow);
  const passes = createPasses<Begun>((area) => tellLate?.(area));

  const round = async (request: RoundRequest, signal: AbortSignal): Promise<NodeReport> => {
    const { snapshot, cause } = request;
    const started = clock();
    const begun: Begun = { request, started };
    latest = begun;
    tellLate = request.onLate;
    const fresh = revision !== revisionOf(snapshot);
    // A fight under the old spec says nothing about the new one.
    if (fresh) contention = createContention(clock, revision === undefined ? await remembered(snapshot) : []);
    revision = revisionOf(snapshot);
    if (!isCorrection(cause)) contention.forgive((await parts.fights?.ended()) ?? []);

    const context: PassContext = {
      host: parts.host,
      ledger: parts.ledger,
      signal,
      clock,
      holdOff: contention.holdOff,
      onTrial: contention.onTrial,
      mayDisturb: disturbance.permits,
      ...(parts.isBootGate === undefined ? {} : { isBootGate: parts.isBootGate }),
      ...(parts.dryRun === undefined ? {} : { dryRun: parts.dryRun }),
      ...(parts.draft === undefined ? {} : { draft: parts.draft }),
      ...(parts.isOver === undefined ? {} : { isOver: parts.isOver }),
      onPlan: passes.planned,
      onStep: (event) => {
        passes.noted(event);
        // At once, because the report of this very pass says what is on trial.
        if (event.type === 'applied') contention.corrected(event.area, event.changes, !isCorrection(cause));
        parts.onStep?.(event, cause);
      },
    };
    const visited: AreaName[] = [];
    const repairs: { area: AreaName; seconds: number }[] = [];
    const visit = async (isWanted: (area: AreaName) => boolean) => {
      let earlierChanged = false;
      for (const area of areas) {
        // The order of the areas is their dependency: a module that was loaded brings new sysctls.
        if ((!isWanted(area.name) && !earlierChanged) || (!fresh && isIdle(area.name))) continue;
        const ended = await passOver(area);
        if (ended === undefined) continue;
        const { report, about } = ended;
        reports.set(area.name, visited.includes(area.name) ? joined(reports.get(area.name), report) : report);
        if (!visited.includes(area.name)) visited.push(area.name);
        earlierChanged ||= report.applied.length > 0;
        const repaired = repairSeconds(report, about.request.seenAt ?? about.started);
        if (repaired !== undefined && isCorrection(about.request.cause))
          repairs.push({ area: area.name, seconds: repaired });
      }
    };
    const passOver = async (area: ManagedArea): Promise<EndedPass<Begun> | undefined> => {
      const pass = { area: area.name, about: begun, run: () => area.reconcile(snapshot.spec, context) };
      const usualMs = fresh ? PATIENCE_MS.first : PATIENCE_MS.later;
      const patienceMs = Math.min(usualMs, request.patienceMs ?? usualMs);
      const ended = await passes.take(pass, patienceMs);
      if (ended === undefined) {
        const planned = passes.changing().find(({ report }) => report.area === area.name)?.report;
        reports.set(area.name, planned ?? reports.get(area.name) ?? unanswered(area.name, snapshot.spec));
        return undefined;
      }
      const isOutdated = revisionOf(ended.about.request.snapshot) !== revision;
      // After a failure the back-off of the area decides when it is tried again.
      if (!isOutdated && (!ended.isAskedAgain || ended.report.failures.length > 0)) return ended;
      const next = await passes.take(pass, patienceMs);
      return next && { ...next, report: joined(ended.report, next.report) };
    };
    await visit((name) => fresh || !reports.has(name) || (request.areas?.has(name) ?? true));
    while (request.onLate === undefined && areas.some(({ name }) => passes.has(name))) {
      await passes.rest();
      await visit(passes.has);
    }
    // What is held is known only now, and with it whether exactly that was approved.
    if (await disturbance.review(inOrder(reports), snapshot.spec)) await visit(isHeld);
    await disturbance.settle(inOrder(reports), snapshot.spec);

    if (facts === undefined || areas.some((area) => area.facts !== undefined && visited.includes(area.name)))
      facts = sameUnless(facts, await parts.facts?.());
    await parts.fights?.write(revision, contention.fights());
    return { snapshot, cause, visited, ...show(snapshot, inOrder(reports)), repairs, seconds: secondsSince(started) };
  };

  const interim = (): NodeReport | undefined => {
    const changing = passes.changing();
    if (latest === undefined || changing.length === 0) return undefined;
    const { started } = latest;
    const { snapshot, cause } = latest.request;
    const known = new Map([...reports, ...changing.map(({ report }) => [report.area, report] as const)]);
    const seconds = secondsSince(started);
    return { snapshot, cause, visited: [], ...show(snapshot, inOrder(known)), repairs: [], seconds, unfinished: true };
  };

  const secondsSince = (started: number) => (clock() - started) / 1000;

  function inOrder(known: ReadonlyMap<AreaName, AreaReport>): readonly AreaReport[] {
    return areas.map((area) => known.get(area.name)).filter((report) => report !== undefined);
  }

  function show(snapshot: SpecSnapshot, areas: readonly AreaReport[]): Shown {
    return shownOf(
      snapshot,
      areas,
      passes.changing().flatMap(({ changes }) => changes),
      facts,
    );
  }

  function describe(...[snapshot, areas, applying, facts]: ShownFrom): Shown {
    const { generation } = snapshot;
    const pending = pendingFrom(areas);
    conditions = conditionsFrom({
      reports: areas,
      previous: conditions,
      generation,
      now: parts.now(),
      kernel: parts.host.kernel,
      applying,
      pending,
      ...sayingsOf(snapshot),
    });
    const { mode } = snapshot.spec;
    return {
      areas,
      conditions,
      status: statusFrom({ reports: areas, conditions, generation, mode, pending, ...(facts && { facts }) }),
    };
  }

  function isHeld(name: AreaName): boolean {
    return reports.get(name)?.deferred.some(({ why }) => why === 'approval') ?? false;
  }

  /** Nothing is declared, nothing was found and nothing is remembered: only a new spec can change that. */
  function isIdle(name: AreaName): boolean {
    const report = reports.get(name);
    if (report === undefined || report.managed || report.error !== undefined) return false;
    return report.drift.length + report.failures.length + parts.ledger.memory(name).size === 0;
  }

  /** Seconds from the first sight of drift to its end, when it ended in this round. */
  function repairSeconds(report: AreaReport, seenAt: number): number | undefined {
    const since = driftSince.get(report.area) ?? seenAt;
    if (report.remaining.length > 0) {
      driftSince.set(report.area, since);
      return undefined;
    }
    driftSince.delete(report.area);
    return report.applied.length === 0 ? undefined : (clock() - since) / 1000;
  }

  const remembered = async (snapshot: SpecSnapshot) => (await parts.fights?.read(revisionOf(snapshot))) ?? [];
  return {
    round,
    interim,
    nextRelease: () => contention.nextRelease(),
    forgive: () => contention.forgive(),
    isRequested: async (path) => (await parts.host.stat(path).catch(() => undefined)) !== undefined,
    rest: passes.rest,
  };
}

function unanswered(area: AreaName, spec: NodePrepSpec): AreaReport {
  return unansweredReport(area, spec.areaModes[area] ?? spec.mode, spec[area] !== undefined);
}

/** The facts that are known while the new ones say the same, so that nothing is made of them again. */
function sameUnless(known: NodeFacts | undefined, read: NodeFacts | undefined): NodeFacts | undefined {
  return JSON.stringify(known) === JSON.stringify(read) ? known : read;
}

/** What the reports of areas are made into. */
type Shown = Pick<NodeReport, 'areas' | 'conditions' | 'status'>;
type ShownFrom = readonly [SpecSnapshot, readonly AreaReport[], readonly Change[], NodeFacts | undefined];

function isSameToShow([spec, areas, applying, facts]: ShownFrom, before: ShownFrom): boolean {
  const isSame = spec === before[0] && facts === before[3];
  return isSame && isSameList(areas, before[1]) && isSameList(applying, before[2]);
}
