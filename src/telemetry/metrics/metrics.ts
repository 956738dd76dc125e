/**
 * Metrics as a report sink: every number derives from the last `NodeReport`, so that a restarted
 * daemon shows the truth after its first round. No default metrics: their timers wake the process
 * a hundred times a second.
 */
import type { AreaCounter } from '../../areas/surroundings.ts';
import { CONDITION_TYPES } from '../../api/status/conditions.ts';
import type { NodeReport, PassCause, ReportSink } from '../../reconcile/report/node-report.ts';
import type { AreaReport } from '../../reconcile/report/report.ts';
import { ENTRY_STATES } from '../../reconcile/report/report.ts';
import { changeCounters } from './change-counters.ts';
import { type ClusterMetrics, clusterMetrics } from './cluster-metrics.ts';
import { createDriftBook } from './drift-book.ts';
import {
  AREA_MODES,
  createInstruments,
  DRIFT_SOURCES,
  type DriftSource,
  type Instruments,
  type Probe,
  REBOOT_REASONS,
  reasonsOf,
  STATUSES,
} from './instruments.ts';

/** What a metric is, for the reference. */
export interface MetricDescription {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** The metrics of this process. */
export interface Metrics extends ReportSink {
  /** Takes a report into the numbers. */
  readonly record: (report: NodeReport) => void;
  /** The Prometheus text format. */
  readonly render: () => Promise<string>;
  readonly contentType: string;
  readonly describe: () => readonly MetricDescription[];
  /** Takes note of exchanges with the API server; its metrics are there from the first call on. */
  readonly cluster: () => ClusterMetrics;
}

/** What the metrics need to know besides reports. */
export interface MetricsOptions {
  readonly version: string;
  /** Numbers that the areas read from the host. */
  readonly probes?: readonly Probe[];
  /** Changes that the areas have counted. */
  readonly counters?: readonly AreaCounter[];
  readonly now?: () => Date;
}

/** Creates all metrics with every label set present. */
export function createMetrics(options: MetricsOptions): Metrics {
  const instruments = createInstruments(options.probes ?? []);
  const countChanges = changeCounters(instruments.registry, options.counters ?? []);
  const now = options.now ?? (() => new Date());
  const book = createDriftBook();
  instruments.buildInfo.set({ version: options.version, nodejs: process.version }, 1);

  const shown = new Map<string, AreaReport>();
  let last: NodeReport | undefined;

  const record = (report: NodeReport) => {
    for (const area of report.areas) {
      const isOld = shown.get(area.area) === area;
      // Nothing has changed since the pass before, and nothing was to be done then.
      if (isOld && area.drift.length + area.applied.length + area.failures.length === 0) continue;
      if (!isOld) showArea(instruments, area);
      shown.set(area.area, area);
      // An area that was not visited comes with its old report, which is counted already.
      if (!report.visited.includes(area.area)) continue;
      countArea(instruments, area, driftSourceOf(report.cause), book);
      countChanges(area);
    }
    for (const { seconds } of report.repairs) instruments.driftRepair.observe(seconds);
    if (report.unfinished !== true) countPass(instruments, report, now);
    if (last?.status !== report.status || last.snapshot !== report.snapshot) showReport(instruments, report);
    last = report;
  };
  let cluster: ClusterMetrics | undefined;
  return {
    name: 'metrics',
    cluster: () => (cluster ??= clusterMetrics(instruments.registry, now)),
    record,
    publish: async (report) => record(report),
    render: () => instruments.registry.metrics(),
    contentType: instruments.registry.contentType,
    describe: () => describe(instruments),
  };
}

function driftSourceOf(cause: PassCause): DriftSource | undefined {
  return DRIFT_SOURCES.find((source) => source === cause);
}

function showArea(instruments: Instruments, report: AreaReport): void {
  const { area, entries } = report;
  const shown = report.managed ? report.mode : 'NotManaged';
  for (const mode of AREA_MODES) instruments.areaMode.set({ area, mode }, mode === shown ? 1 : 0);
  for (const state of ENTRY_STATES) {
    instruments.entries.set({ area, state }, entries.filter((entry) => entry.state === state).length);
  }
  // What was not looked at is not claimed to be in sync.
  const isInSync =
    report.mode !== 'Paused' &&
    report.error === undefined &&
    entries.every((entry) => entry.state === 'InSync') &&
    report.remaining.length + report.deferred.length === 0;
  instruments.inSync.set({ area }, isInSync ? 1 : 0);
  instruments.driftContested.set({ area }, report.contested.length);
  const { blocked, conflicts, failures, deferred } = report;
  const standing = new Set<string>([...blocked, ...conflicts, ...failures, ...deferred].map(({ reason }) => reason));
  for (const reason of reasonsOf(area)) instruments.areaProblem.set({ area, reason }, standing.has(reason) ? 1 : 0);
}

function countArea(
  instruments: Instruments,
  report: AreaReport,
  source: DriftSource | undefined,
  book: ReturnType<typeof createDriftBook>,
): void {
  const { area, applied, failures } = report;
  const { detected, corrected } = book.count(report, source !== undefined);
  if (source !== undefined) instruments.driftDetected.inc({ area, source }, detected);
  instruments.driftCorrected.inc({ area }, corrected);
  instruments.apply.inc({ area, result: 'success' }, applied.length);
  instruments.apply.inc({ area, result: 'failure' }, failures.length);
  instruments.internalErrors.inc({ area }, report.defects?.length ?? 0);
  if (applied.length + failures.length > 0) instruments.applyDuration.observe({ area }, report.seconds);
}

function countPass(instruments: Instruments, report: NodeReport, now: () => Date): void {
  const visited = report.areas.filter((area) => report.visited.includes(area.area));
  const hasFailed = visited.some((area) => area.error !== undefined || area.failures.length > 0);
  instruments.rounds.inc({ result: hasFailed ? 'failure' : 'success' });
  instruments.roundDuration.observe(report.seconds);
  if (!hasFailed) instruments.lastSuccess.set(now().getTime() / 1000);
}

function showReport(instruments: Instruments, report: NodeReport): void {
  instruments.specGeneration.set(report.snapshot.generation);
  instruments.observedGeneration.set(report.status.observedGeneration);
  instruments.specRefused.set(report.snapshot.refused === undefined ? 0 : 1);
  const statuses = new Map(report.conditions.map(({ type, status }) => [type, status]));
  for (const type of CONDITION_TYPES) {
    for (const one of STATUSES) instruments.condition.set({ type, status: one }, one === statuses.get(type) ? 1 : 0);
  }
  const deferred = report.areas.flatMap((area) => area.deferred);
  const waiting = new Set<string>(deferred.filter(({ why }) => why === 'boot').map(({ reason }) => reason));
  const known: readonly string[] = REBOOT_REASONS;
  for (const reason of REBOOT_REASONS) {
    const isWaiting = reason === 'Other' ? [...waiting].some((one) => !known.includes(one)) : waiting.has(reason);
    instruments.rebootRequired.set({ reason }, isWaiting ? 1 : 0);
  }
}

function describe({ registry }: Instruments): readonly MetricDescription[] {
  return registry.getMetricsAsArray().map((metric) => {
    const { name, type, help, labelNames } = metric as unknown as {
      name: string;
      type: string;
      help: string;
      labelNames: readonly string[];
    };
    return { name, type, help, labels: labelNames.filter((label) => label !== 'le') };
  });
}
