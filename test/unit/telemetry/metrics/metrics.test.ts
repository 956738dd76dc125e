import { expect, test } from 'vitest';
import { CONDITION_TYPES } from '../../../../src/api/status/conditions.ts';
import { AREA_NAMES } from '../../../../src/api/spec/nodeprep.ts';
import { CGROUP_COUNTERS } from '../../../../src/areas/cgroup/gauges.ts';
import { createMetrics, type Metrics } from '../../../../src/telemetry/metrics/metrics.ts';
import { aChange, aCondition, anAreaReport, anEntry, aNodeReport } from '../../../support/reports.ts';

const NOW = new Date('2026-11-21T10:20:30Z');
const metricsOf = (read?: () => Promise<number | undefined>) =>
  createMetrics({
    version: '1.2.3',
    now: () => NOW,
    probes: read === undefined ? [] : [{ name: 'swap_bytes', help: 'Swap.', read }],
  });

/** The samples whose name and labels start so, without the prefix of the project. */
async function samples(metrics: Metrics, start: string): Promise<readonly string[]> {
  const text = await metrics.render();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`nodeprep_${start}`))
    .map((line) => line.slice('nodeprep_'.length));
}

test('nothing is there that needs a timer of its own, as the default metrics of the library do', async () => {
  expect(await metricsOf().render()).not.toMatch(/^(?!#|nodeprep_|process_|$)/m);
  expect(process.getActiveResourcesInfo().filter((name) => name === 'ELDHistogram')).toEqual([]);
});

test('every label set is there before the first pass, and nothing claims to be in sync', async () => {
  const metrics = metricsOf();

  expect(await samples(metrics, 'build_info')).toEqual([`build_info{version="1.2.3",nodejs="${process.version}"} 1`]);
  expect(await samples(metrics, 'condition{')).toHaveLength(CONDITION_TYPES.length * 3);
  expect(await samples(metrics, 'condition{type="Ready"')).toEqual([
    'condition{type="Ready",status="True"} 0',
    'condition{type="Ready",status="False"} 0',
    'condition{type="Ready",status="Unknown"} 1',
  ]);
  expect(await samples(metrics, 'resource_in_sync')).toEqual(
    AREA_NAMES.map((area) => `resource_in_sync{area="${area}"} 0`),
  );
  for (const family of [
    'entries{',
    'drift_detected_total{',
    'drift_corrected_total{',
    'drift_contested{',
    'apply_total{',
    'apply_duration_seconds_count{',
  ]) {
    for (const area of AREA_NAMES) {
      const found = await samples(metrics, `${family}area="${area}"`);
      expect(found.length, family).toBeGreaterThan(0);
      expect(
        found.every((line) => line.endsWith(' 0')),
        family,
      ).toBe(true);
    }
  }
  expect(await samples(metrics, 'rounds_total')).toEqual([
    'rounds_total{result="success"} 0',
    'rounds_total{result="failure"} 0',
  ]);
  expect(await samples(metrics, 'reboot_required{reason="ModuleParameters"}')).toEqual([
    'reboot_required{reason="ModuleParameters"} 0',
  ]);
  expect(await samples(metrics, 'drift_repair_seconds_count')).toEqual(['drift_repair_seconds_count 0']);
  expect(await samples(metrics, 'last_success_timestamp_seconds')).toEqual(['last_success_timestamp_seconds 0']);
});

test('shows entries by state, conditions and generations of the last report only', async () => {
  const metrics = metricsOf();
  const before = anAreaReport({ entries: [anEntry('a', 'Failed'), anEntry('b')], remaining: [aChange('a')] });
  const after = anAreaReport({ entries: [anEntry('a'), anEntry('b')] });
  const snapshot = { ...aNodeReport().snapshot, generation: 7 };

  metrics.record(
    aNodeReport({ areas: [before], conditions: [aCondition({ status: 'False', reason: 'ApplyFailed' })] }),
  );
  expect(await samples(metrics, 'entries{area="sysctls",state="Failed"}')).toEqual([
    'entries{area="sysctls",state="Failed"} 1',
  ]);
  expect(await samples(metrics, 'resource_in_sync{area="sysctls"}')).toEqual(['resource_in_sync{area="sysctls"} 0']);
  metrics.record(aNodeReport({ areas: [after], snapshot, status: { ...aNodeReport().status, observedGeneration: 6 } }));

  expect(await samples(metrics, 'entries{area="sysctls"')).toEqual([
    'entries{area="sysctls",state="InSync"} 2',
    ...['Pending', 'Drifted', 'Conflicting', 'Blocked', 'Failed'].map(
      (state) => `entries{area="sysctls",state="${state}"} 0`,
    ),
  ]);
  expect(await samples(metrics, 'resource_in_sync{area="sysctls"}')).toEqual(['resource_in_sync{area="sysctls"} 1']);
  expect(await samples(metrics, 'condition{type="Ready"')).toEqual([
    'condition{type="Ready",status="True"} 1',
    'condition{type="Ready",status="False"} 0',
    'condition{type="Ready",status="Unknown"} 0',
  ]);
  expect(await samples(metrics, 'spec_generation')).toEqual(['spec_generation 7']);
  expect(await samples(metrics, 'observed_generation')).toEqual(['observed_generation 6']);
});

test('applying a spec for the first time is no drift', async () => {
  const metrics = metricsOf();
  const area = anAreaReport({ drift: [aChange('a')], applied: [aChange('a')] });

  metrics.record(aNodeReport({ cause: 'start', areas: [area] }));
  metrics.record(aNodeReport({ cause: 'spec', areas: [area] }));

  expect((await samples(metrics, 'drift_detected_total')).every((line) => line.endsWith(' 0'))).toBe(true);
  expect((await samples(metrics, 'drift_corrected_total')).every((line) => line.endsWith(' 0'))).toBe(true);
  expect(await samples(metrics, 'apply_total{area="sysctls"')).toEqual([
    'apply_total{area="sysctls",result="success"} 2',
    'apply_total{area="sysctls",result="failure"} 0',
  ]);
});

test('drift that stays is counted once, and its correction when it succeeds at last', async () => {
  const metrics = metricsOf();
  const failing = anAreaReport({
    drift: [aChange('a')],
    remaining: [aChange('a')],
    failures: [{ target: 'a', reason: 'ApplyFailed', message: 'no' }],
  });
  const corrected = anAreaReport({ drift: [aChange('a')], applied: [aChange('a')] });

  metrics.record(aNodeReport({ cause: 'poll', areas: [failing] }));
  metrics.record(aNodeReport({ cause: 'retry', areas: [failing] }));
  metrics.record(aNodeReport({ cause: 'resync', areas: [failing] }));
  metrics.record(aNodeReport({ cause: 'retry', areas: [corrected], repairs: [{ area: 'sysctls', seconds: 3 }] }));
  metrics.record(aNodeReport({ cause: 'poll', areas: [corrected], repairs: [{ area: 'sysctls', seconds: 0.1 }] }));

  expect(await samples(metrics, 'drift_detected_total{area="sysctls"')).toEqual([
    'drift_detected_total{area="sysctls",source="event"} 0',
    'drift_detected_total{area="sysctls",source="poll"} 2',
    'drift_detected_total{area="sysctls",source="resync"} 0',
    'drift_detected_total{area="sysctls",source="retry"} 0',
  ]);
  expect(await samples(metrics, 'drift_corrected_total{area="sysctls"}')).toEqual([
    'drift_corrected_total{area="sysctls"} 2',
  ]);
  expect(await samples(metrics, 'drift_repair_seconds_count')).toEqual(['drift_repair_seconds_count 2']);
  expect(await samples(metrics, 'rounds_total')).toEqual([
    'rounds_total{result="success"} 2',
    'rounds_total{result="failure"} 3',
  ]);
  expect(await samples(metrics, 'last_success_timestamp_seconds')).toEqual([
    `last_success_timestamp_seconds ${NOW.getTime() / 1000}`,
  ]);
});

test('an area that was not visited is shown, but its old changes are not counted again', async () => {
  const metrics = metricsOf();
  const area = anAreaReport({ entries: [anEntry('a')], drift: [aChange('a')], applied: [aChange('a')] });

  metrics.record(aNodeReport({ cause: 'event', areas: [area] }));
  metrics.record(aNodeReport({ cause: 'event', areas: [area], visited: [] }));

  expect(await samples(metrics, 'drift_detected_total{area="sysctls",source="event"}')).toEqual([
    'drift_detected_total{area="sysctls",source="event"} 1',
  ]);
  expect(await samples(metrics, 'apply_total{area="sysctls",result="success"}')).toEqual([
    'apply_total{area="sysctls",result="success"} 1',
  ]);
  expect(await samples(metrics, 'entries{area="sysctls",state="InSync"}')).toEqual([
    'entries{area="sysctls",state="InSync"} 1',
  ]);
});

test('an outstanding boot is shown by reason, and gone when it is no longer needed', async () => {
  const metrics = metricsOf();
  const waiting = anAreaReport({ deferred: [{ change: aChange('zram'), why: 'boot', reason: 'ModuleParameters' }] });
  const values = async () =>
    (await samples(metrics, 'reboot_required')).map((line) => line.replace(/.*"(.*)"} /, '$1 '));

  metrics.record(aNodeReport({ areas: [waiting] }));
  const during = await values();
  metrics.record(
    aNodeReport({ areas: [anAreaReport({ deferred: [{ change: aChange('x'), why: 'boot', reason: 'Pending' }] })] }),
  );
  const other = await values();
  metrics.record(aNodeReport());

  expect(during).toEqual(['ModuleParameters 1', 'BootParameters 0', 'CgroupVersion 0', 'NextBoot 0', 'Other 0']);
  expect(other).toEqual(['ModuleParameters 0', 'BootParameters 0', 'CgroupVersion 0', 'NextBoot 0', 'Other 1']);
  expect(await values()).toEqual([
    'ModuleParameters 0',
    'BootParameters 0',
    'CgroupVersion 0',
    'NextBoot 0',
    'Other 0',
  ]);
});

test('what an area reads is read when scraped, and is NaN when it cannot be read', async () => {
  let bytes = 65536;
  const metrics = metricsOf(async () => bytes);
  const first = await samples(metrics, 'swap_bytes');
  bytes = 0;

  expect(first).toEqual(['swap_bytes 65536']);
  expect(await samples(metrics, 'swap_bytes')).toEqual(['swap_bytes 0']);
  expect(
    await samples(
      metricsOf(async () => Promise.reject(new Error('EACCES'))),
      'swap_bytes',
    ),
  ).toEqual(['swap_bytes Nan']);
});

test('says of every area in which mode it is, and does not give a mode to one that nobody declares', async () => {
  const metrics = metricsOf();
  const modes = async () =>
    (await samples(metrics, 'area_mode{')).filter((line) => line.endsWith(' 1')).map((line) => line.slice(10, -3));
  const before = await modes();

  metrics.record(
    aNodeReport({ areas: [anAreaReport({ mode: 'Audit' }), anAreaReport({ area: 'swap', managed: false })] }),
  );

  expect(before).toEqual(AREA_NAMES.map((area) => `area="${area}",mode="NotManaged"`));
  expect(await modes()).toEqual(
    AREA_NAMES.map((area) => `area="${area}",mode="${area === 'sysctls' ? 'Audit' : 'NotManaged'}"`),
  );
});

test('shows what the process itself costs, under the names that Prometheus clients share', async () => {
  const text = await metricsOf().render();
  const value = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  const later = await metricsOf().render();

  expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
  // A start that moves with every scrape would look like a restart.
  expect(value('process_start_time_seconds')).toBeLessThan(Date.now() / 1000);
  expect(later).toContain(`process_start_time_seconds ${value('process_start_time_seconds')}\n`);
});

test('two instances in one process share nothing', async () => {
  const [one, other] = [metricsOf(), metricsOf()];

  one.record(aNodeReport());

  expect(await samples(other, 'rounds_total{result="success"}')).toEqual(['rounds_total{result="success"} 0']);
});

test('names no entry, file or message in a label', async () => {
  const metrics = metricsOf();
  const finding = { target: 'vm.secret_target', reason: 'ApplyFailed', message: 'secret_message' } as const;

  metrics.record(
    aNodeReport({
      cause: 'poll',
      areas: [
        anAreaReport({
          entries: [anEntry('vm.secret_target', 'Failed')],
          drift: [aChange('vm.secret_target')],
          failures: [finding],
          blocked: [finding],
          contested: [finding],
          conflicts: [finding],
        }),
      ],
    }),
  );

  expect(await metrics.render()).not.toMatch(/secret_/);
});

test('an area that is paused is not claimed to be in sync', async () => {
  const metrics = metricsOf();

  metrics.record(aNodeReport({ areas: [anAreaReport({ area: 'sysctls', mode: 'Paused', entries: [] })] }));

  expect(await samples(metrics, 'resource_in_sync{area="sysctls"')).toEqual(['resource_in_sync{area="sysctls"} 0']);
});

test('bugs of NodePrep are counted by area', async () => {
  const metrics = metricsOf();

  metrics.record(aNodeReport({ areas: [anAreaReport({ defects: [new TypeError('x'), new RangeError('y')] })] }));

  expect(await samples(metrics, 'internal_errors_total{area="s')).toEqual([
    'internal_errors_total{area="sysctls"} 2',
    'internal_errors_total{area="swap"} 0',
  ]);
});

test('a reason that only one area has is 1 while it stands in the way, and 0 afterwards', async () => {
  const metrics = metricsOf();
  const mismatch = { target: 'cgroup', reason: 'DriverMismatch', message: '' } as const;
  const named = (reason: string) => samples(metrics, `area_problem{area="cgroup",reason="${reason}"}`);

  metrics.record(aNodeReport({ areas: [anAreaReport({ area: 'cgroup', conflicts: [mismatch] })] }));
  expect([await named('DriverMismatch'), await named('HalfMigrated')]).toEqual([
    ['area_problem{area="cgroup",reason="DriverMismatch"} 1'],
    ['area_problem{area="cgroup",reason="HalfMigrated"} 0'],
  ]);
  metrics.record(aNodeReport({ areas: [anAreaReport({ area: 'cgroup' })] }));

  expect(await named('DriverMismatch')).toEqual(['area_problem{area="cgroup",reason="DriverMismatch"} 0']);
});

test('restarts of a runtime are counted by how they came out, and other changes are not', async () => {
  const metrics = createMetrics({ version: '1', counters: CGROUP_COUNTERS });
  const named = (runtime: string) => samples(metrics, `runtime_restarts_total{runtime="${runtime}"`);
  const restart = { ...aChange('containerd.service'), action: 'restart' } as const;
  const failure = { target: 'crio.service', reason: 'RuntimeRestartFailed', message: '' } as const;
  const other = aChange('containerd.service');

  expect(await named('docker')).toHaveLength(2);
  const report = anAreaReport({ area: 'cgroup', applied: [restart, other], failures: [failure] });
  metrics.record(aNodeReport({ areas: [report], visited: ['cgroup'] }));

  expect(await named('containerd')).toEqual([
    'runtime_restarts_total{runtime="containerd",result="success"} 1',
    'runtime_restarts_total{runtime="containerd",result="failure"} 0',
  ]);
  expect(await named('crio')).toEqual([
    'runtime_restarts_total{runtime="crio",result="success"} 0',
    'runtime_restarts_total{runtime="crio",result="failure"} 1',
  ]);
});
