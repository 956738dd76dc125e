/** Every metric with its name, help and labels; the reference in docs/reference/metrics.md comes from here. */
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';
import { CONDITION_TYPES, type Reason } from '../../api/status/conditions.ts';
import { PARTS } from '../../api/parts/parts.ts';
import { AREA_NAMES, type AreaName, Mode } from '../../api/spec/nodeprep.ts';
import { ENTRY_STATES } from '../../reconcile/report/report.ts';
import { processMetrics } from './process-metrics.ts';

/** How drift can come to light; a first application of a spec is no drift. */
export const DRIFT_SOURCES = ['event', 'poll', 'resync', 'retry'] as const;
export type DriftSource = (typeof DRIFT_SOURCES)[number];

/** Whether what was tried came out well. */
export const RESULTS = ['success', 'failure'] as const;

/** Why a reboot may be outstanding. */
export const REBOOT_REASONS = [
  'ModuleParameters',
  'BootParameters',
  'CgroupVersion',
  'NextBoot',
  'Other',
] as const satisfies readonly (Reason | 'Other')[];

/** Values of a condition's status. */
export const STATUSES = ['True', 'False', 'Unknown'] as const;

/** How an area is treated; the mode of an area that no spec declares means nothing. */
export const AREA_MODES = [...Mode.options, 'NotManaged'] as const;

const PASS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** What waits for a retry, for a held-off correction or for a person takes longer than any pass. */
const REPAIR_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

/** A number that is read when the metrics are scraped. */
export interface Probe {
  /** Without the prefix. */
  readonly name: string;
  readonly help: string;
  /** Names of facts, which are labels of a series that is 1; absent for a number. */
  readonly labels?: readonly string[];
  /** `undefined` when it cannot be known. */
  readonly read: () => Promise<number | Readonly<Record<string, string>> | undefined>;
}

/** All instruments on a registry of their own, every label set present from the start. */
export function createInstruments(probes: readonly Probe[]) {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name: `nodeprep_${name}`, help, labelNames, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name: `nodeprep_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    buckets: readonly number[] = PASS_BUCKETS,
  ) => new Histogram({ name: `nodeprep_${name}`, help, labelNames, buckets: [...buckets], registers });

  const instruments = {
    registry,
    buildInfo: gauge('build_info', 'Always 1; the labels say which NodePrep and which Node.js runs.', [
      'version',
      // Not "node": Prometheus gives every series of a cluster a label of that name.
      'nodejs',
    ]),
    standby: gauge(
      'standby',
      '1 while another process manages this host and this one waits; the rest says nothing then.',
    ),
    condition: gauge('condition', '1 for the status that the condition has now, 0 for the others.', ['type', 'status']),
    inSync: gauge('resource_in_sync', '1 while every declared entry of the area is in sync, or none is declared.', [
      'area',
    ]),
    areaMode: gauge('area_mode', '1 for the mode that the area is in now; NotManaged when no spec declares it.', [
      'area',
      'mode',
    ]),
    entries: gauge('entries', 'Declared entries of the area in each state.', ['area', 'state']),
    driftDetected: counter('drift_detected_total', 'Changes by others that were noticed, by how.', ['area', 'source']),
    driftCorrected: counter('drift_corrected_total', 'Changes by others that were undone.', ['area']),
    driftContested: gauge(
      'drift_contested',
      'Entries whose correction is held off because it was undone again and again.',
      ['area'],
    ),
    driftRepair: histogram(
      'drift_repair_seconds',
      'Time from the first sight of drift until it was corrected.',
      [],
      REPAIR_BUCKETS,
    ),
    apply: counter('apply_total', 'Changes that were tried, by how they came out.', ['area', 'result']),
    applyDuration: histogram('apply_duration_seconds', 'Duration of area passes in which something was changed.', [
      'area',
    ]),
    internalErrors: counter(
      'internal_errors_total',
      'Bugs of NodePrep that showed while it looked at or changed the area; the log has their stacks.',
      ['area'],
    ),
    rounds: counter(
      'rounds_total',
      'Rounds over the areas; a failure has an area that could not be observed or changed.',
      ['result'],
    ),
    roundDuration: histogram('round_duration_seconds', 'Duration of the rounds over the areas.'),
    lastSuccess: gauge('last_success_timestamp_seconds', 'Unix time of the last round without a failure; 0 before.'),
    specGeneration: gauge('spec_generation', 'Generation of the spec that is enforced.'),
    observedGeneration: gauge('observed_generation', 'Generation of the spec that the status speaks of.'),
    specRefused: gauge('spec_refused', '1 while the newest spec is refused, or the limits of the host cannot be read.'),
    rebootRequired: gauge('reboot_required', '1 while changes wait for a reboot, by reason.', ['reason']),
    areaProblem: gauge(
      'area_problem',
      '1 while something of the area stands in the way for this reason; reasons that only one area has.',
      ['area', 'reason'],
    ),
    process: processMetrics(registry),
  };
  for (const { name, help, labels = [], read } of probes) {
    const probe = new Gauge({
      name: `nodeprep_${name}`,
      help,
      labelNames: [...labels],
      registers: [],
      async collect() {
        const found = await read().catch(() => undefined);
        if (typeof found !== 'object' && labels.length === 0) return this.set(found ?? Number.NaN);
        // Facts that were true at the scrape before are not any more.
        this.reset();
        if (typeof found === 'object') this.set({ ...found }, 1);
      },
    });
    registry.registerMetric(probe);
  }

  for (const area of AREA_NAMES) {
    for (const mode of AREA_MODES) instruments.areaMode.set({ area, mode }, mode === 'NotManaged' ? 1 : 0);
    instruments.inSync.set({ area }, 0);
    instruments.driftCorrected.inc({ area }, 0);
    instruments.internalErrors.inc({ area }, 0);
    instruments.driftContested.set({ area }, 0);
    instruments.applyDuration.zero({ area });
    for (const state of ENTRY_STATES) instruments.entries.set({ area, state }, 0);
    for (const reason of reasonsOf(area)) instruments.areaProblem.set({ area, reason }, 0);
    for (const source of DRIFT_SOURCES) instruments.driftDetected.inc({ area, source }, 0);
    for (const result of RESULTS) instruments.apply.inc({ area, result }, 0);
  }
  for (const result of RESULTS) instruments.rounds.inc({ result }, 0);
  for (const reason of REBOOT_REASONS) instruments.rebootRequired.set({ reason }, 0);
  for (const type of CONDITION_TYPES) {
    for (const status of STATUSES) instruments.condition.set({ type, status }, status === 'Unknown' ? 1 : 0);
  }
  return instruments;
}

/** The reasons that only this area has, which alerts tell apart. */
export function reasonsOf(area: AreaName): readonly string[] {
  return Object.keys(PARTS[area].reasons);
}

/** The instruments of one process. */
export type Instruments = ReturnType<typeof createInstruments>;
