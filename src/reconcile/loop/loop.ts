/**
 * The daemon's loop: wakes for a changed spec, a hint of drift, a retry or the resync, runs a round
 * over the areas concerned and hands the report to the sinks. Level-based: what woke it up decides
 * where it looks, never what it does.
 */
import type { AreaName } from '../../api/spec/nodeprep.ts';
import { BEAT_MS, EARLY_MS, nearestBeat } from '../../host/beat.ts';
import type { Finding } from '../../areas/area.ts';
import type { Hint, HostWatcher } from '../../host/host.ts';
import { APPROVAL_REQUEST_PATH } from './approvals.ts';
import { RETRY_REQUEST_PATH } from './fights.ts';
import { hintName } from '../../host/watch/hints.ts';
import { backoffMs, jitteredMs } from './backoff.ts';
import type { Engine, RoundRequest } from './engine.ts';
import {
  type NodeReport,
  type PassCause,
  type ReportSink,
  revisionOf,
  type SpecSnapshot,
  type SpecSource,
} from '../report/node-report.ts';
import type { ManagedArea } from '../pass/pass.ts';
import type { AreaReport } from '../report/report.ts';
import type { Trigger } from './trigger.ts';

/** A full look at everything, for what no event and no poll can see. */
export const RESYNC_MS = 5 * 60_000;

/**
 * After own changes the area is looked at once more, after the next poll: the poll before them has seen the value that was
 * wrong, and would not notice when a write without an event brings it back.
 */
const SECOND_LOOK_MS = BEAT_MS + 100;

/** Files by which a person asks the daemon for something. */
const REQUESTS: readonly string[] = [APPROVAL_REQUEST_PATH, RETRY_REQUEST_PATH];

/** Pause after a round that failed as a whole. */
const AFTER_DEFECT_MS = 60_000;

/** A round that takes longer publishes an interim report. */
const NEWS_MS = 2000;

/** What the loop is built from. */
export interface LoopParts {
  readonly source: SpecSource;
  readonly engine: Engine;
  readonly areas: readonly ManagedArea[];
  readonly watcher: HostWatcher;
  readonly sinks: readonly ReportSink[];
  readonly trigger: Trigger;
  readonly clock: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  readonly resyncMs: number;
  /** Ends the loop like the abort, but only between two rounds. */
  readonly retire?: AbortSignal;
  /** A sink or the watch failed; the loop goes on. */
  readonly onError: (what: string, error: unknown) => void;
}

interface Retry {
  /** 0 when nothing failed: a second look, or a held-off correction, is waited for. */
  failures: number;
  at: number;
  /** When what we have changed is looked at again, whatever is looked at before. */
  secondLookAt?: number;
}

/** Runs until aborted or retired. Throws only when there is no spec to begin with. */
export async function runLoop(parts: LoopParts, signal: AbortSignal): Promise<void> {
  const { trigger, clock } = parts;
  const end = parts.retire === undefined ? signal : AbortSignal.any([signal, parts.retire]);
  const retries = new Map<AreaName, Retry>();
  let snapshot = await parts.source.current();
  const unwatch = await parts.source.watch(() => trigger.fire('spec'));
  let watched: string | number | undefined;
  let resyncAt = 0;
  trigger.fire('start');
  try {
    while (!end.aborted) {
      const pending = await trigger.next(Math.max(nextWake(retries, resyncAt) - clock(), 0), end);
      if (end.aborted) return;
      const due = [...retries].filter(([, retry]) => retry.at <= clock()).map(([area]) => area);
      const request = requestFrom(pending, due, resyncAt <= clock() + EARLY_MS);
      if (request === undefined) continue;
      // At the start as well: what changed before the watch stood was told together with the start. A refused spec is
      // read with every look at everything, because the kernel tells nothing of some repairs, such as a chmod(1).
      const mayBeAccepted = snapshot.refused !== undefined && request.areas === undefined;
      if (request.cause === 'spec' || request.cause === 'start' || mayBeAccepted) {
        snapshot = await parts.source.current().catch((error: unknown) => lastGood(parts, snapshot, error));
      }
      const allowed = withoutBackoff(request, retries, clock());
      if (allowed !== undefined && allowed.size === 0) continue;
      if (watched !== revisionOf(snapshot)) {
        watched = revisionOf(snapshot);
        // Before the round: what changes after the round has looked must be told.
        await watchHost(parts, snapshot).catch((error: unknown) => parts.onError('watching the host', error));
      }
      const seenAt = pending?.seenAt ?? clock();
      const areas = allowed === undefined ? {} : { areas: allowed };
      const onLate = (area: AreaName) => trigger.fire('retry', [area]);
      const round: RoundRequest = { snapshot, cause: request.cause, seenAt, ...areas, onLate };
      const report = await roundWithNews(parts, round, signal).catch((error: unknown) =>
        failedRound(parts, error, signal),
      );
      if (report === undefined) {
        resyncAt = clock() + AFTER_DEFECT_MS;
        continue;
      }
      noteRetries(report, retries, parts);
      // With the poll, so that looking at everything costs no wake-up of its own.
      if (request.areas === undefined) {
        resyncAt = nearestBeat(clock() + jitteredMs(parts.resyncMs, parts.random()));
      }
      await publish(parts, report, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    // The next process that holds the host must not meet a command of this one.
    await parts.engine.rest();
    await unwatch();
    await parts.watcher.close();
  }
}

/** A bug that shows while a spec is read does not end the care for what was declared before it. */
function lastGood(parts: LoopParts, snapshot: SpecSnapshot, error: unknown): SpecSnapshot {
  parts.onError('reading the spec; the last one stays enforced', error);
  return snapshot;
}

/** A round that failed as a whole is a bug, and no reason to leave the host alone forever. */
function failedRound(parts: LoopParts, error: unknown, signal: AbortSignal): undefined {
  if (signal.aborted) throw error;
  parts.onError('looking at the host; everything is looked at again in a minute', error);
}

/** A command of the host may take minutes: until then the last report would claim what is not so any more. */
async function roundWithNews(parts: LoopParts, request: RoundRequest, signal: AbortSignal): Promise<NodeReport> {
  let told: Promise<void> | undefined;
  const timer = setInterval(() => {
    const interim = told === undefined ? parts.engine.interim() : undefined;
    if (interim === undefined) return;
    told = publish(parts, interim, signal).finally(() => {
      told = undefined;
    });
  }, NEWS_MS);
  try {
    return await parts.engine.round(request, signal);
  } finally {
    clearInterval(timer);
    await told;
  }
}

interface Request {
  readonly cause: PassCause;
  readonly areas: ReadonlySet<AreaName> | undefined;
}

function requestFrom(
  pending: { cause: PassCause; areas: ReadonlySet<AreaName> | undefined } | undefined,
  due: readonly AreaName[],
  resync: boolean,
): Request | undefined {
  if (pending !== undefined) {
    const areas = pending.areas === undefined || resync ? undefined : new Set([...pending.areas, ...due]);
    return { cause: pending.cause, areas };
  }
  if (resync) return { cause: 'resync', areas: undefined };
  return due.length > 0 ? { cause: 'retry', areas: new Set(due) } : undefined;
}

/**
 * An area that failed is left alone until its retry is due when only an inotify event asks for it:
 * our own refused write raises such an event, and the loop would spin. A polled value that really
 * changed, a new spec and the resync get through.
 */
function withoutBackoff(
  request: Request,
  retries: ReadonlyMap<AreaName, Retry>,
  now: number,
): ReadonlySet<AreaName> | undefined {
  if (request.cause !== 'event' || request.areas === undefined) return request.areas;
  const inBackoff = (area: AreaName) => {
    const retry = retries.get(area);
    return retry !== undefined && retry.failures > 0 && retry.at > now;
  };
  return new Set([...request.areas].filter((area) => !inBackoff(area)));
}

function noteRetries(report: NodeReport, retries: Map<AreaName, Retry>, parts: LoopParts): void {
  const now = parts.clock();
  for (const area of report.areas) {
    if (!report.visited.includes(area.area)) continue;
    // Pauses that have grown say nothing about another spec, or about what a person has put right.
    const before = report.cause === 'spec' ? 0 : (retries.get(area.area)?.failures ?? 0);
    // Our own write raises an event, and what it leads to is no second look.
    const second = retries.get(area.area)?.secondLookAt ?? 0;
    retries.delete(area.area);
    if (wantsRetry(area)) {
      retries.set(area.area, { failures: before + 1, at: now + backoffMs(before + 1, parts.random()) });
    } else if (area.applied.length > 0) {
      retries.set(area.area, { failures: 0, at: now + SECOND_LOOK_MS, secondLookAt: now + SECOND_LOOK_MS });
    } else if (area.contested.length > 0) {
      retries.set(area.area, { failures: 0, at: now + (parts.engine.nextRelease() ?? backoffMs(1, 0)) });
    } else if (second > now) {
      retries.set(area.area, { failures: 0, at: second, secondLookAt: second });
    }
    const afterMs = Math.min(...findingsOf(area).map((finding) => finding.retryAfterMs ?? Number.POSITIVE_INFINITY));
    const known = retries.get(area.area) ?? { failures: 0, at: Number.POSITIVE_INFINITY };
    if (now + afterMs < known.at) retries.set(area.area, { ...known, at: now + afterMs });
  }
}

function findingsOf({ blocked, conflicts, left }: AreaReport): readonly Finding[] {
  return [...blocked, ...conflicts, ...left];
}

/** Whether trying the same again may help without any change of the spec. */
export function wantsRetry(report: AreaReport): boolean {
  return report.failures.length > 0 || report.blocked.some((finding) => finding.transient === true);
}

function nextWake(retries: ReadonlyMap<AreaName, Retry>, resyncAt: number): number {
  return Math.min(resyncAt, ...[...retries.values()].map((retry) => retry.at));
}

async function publish(parts: LoopParts, report: NodeReport, signal: AbortSignal): Promise<void> {
  for (const sink of parts.sinks) {
    try {
      await sink.publish(report, signal);
    } catch (error) {
      // A full disk below /run or an API server that is away must not stop work on the host.
      parts.onError(`publishing to ${sink.name}`, error);
    }
  }
}

async function watchHost(parts: LoopParts, snapshot: SpecSnapshot): Promise<void> {
  const owners = parts.areas.flatMap((area) =>
    area.hints(snapshot.spec).map((hint) => ({ area: area.name, hint, name: hintName(hint) })),
  );
  const asked = REQUESTS.map((path) => ({ path, by: 'event' }) as const);
  const hints = mergeHints([...owners.map(({ hint }) => hint), ...asked]);
  await parts.watcher.watch(hints, (told, source) => {
    if (REQUESTS.includes(told)) return void takeRequest(parts, told);
    const areas = owners
      .filter(({ hint, name }) => told === name || ('path' in hint && told.startsWith(`${name}/`)))
      .map(({ area }) => area);
    if (areas.length > 0) parts.trigger.fire(source, areas);
  });
}

/**
 * A person decides, as with a spec: what is done then corrects nothing. A folder that was made anew is told as well, with
 * all that could be in it, and drift that shows at the same time must not pass for something that was asked for.
 */
async function takeRequest({ engine, trigger }: LoopParts, path: string): Promise<void> {
  if (await engine.isRequested(path)) trigger.fire('spec');
}

/** One hint a name: two areas may look at the same file or unit. */
function mergeHints(hints: readonly Hint[]): Hint[] {
  const byName = new Map<string, Hint>();
  for (const hint of hints) {
    const name = hintName(hint);
    const known = byName.get(name);
    const isWider = known !== undefined && 'path' in known && 'path' in hint && known.by !== hint.by;
    byName.set(name, isWider ? { path: hint.path, by: 'both' } : hint);
  }
  return [...byName.values()];
}
