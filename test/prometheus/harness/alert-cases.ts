/** What each alert is for, as time series: when it fires, with which words, and what must not make it fire. */

/** One course of events. A series is as promtool writes it, one value a minute. */
export interface AlertCase {
  readonly alert: string;
  readonly name: string;
  readonly series: Readonly<Record<string, string>>;
  /** When nobody may be told; in a case without `fires` that is all. */
  readonly silentAt: readonly string[];
  readonly fires?: {
    readonly at: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly summary: string;
    /** Only where the rule puts values into it. */
    readonly description?: string;
  };
}

const AGENT = 'job="nodeprep",instance="10.0.0.1:9753",node="worker-1"';
const LABELS = { job: 'nodeprep', instance: '10.0.0.1:9753', node: 'worker-1' };
const condition = (type: string, status = 'True', agent = AGENT) =>
  `nodeprep_condition{${agent},type="${type}",status="${status}"}`;
const mode = (name: string, area = 'sysctls', agent = AGENT) =>
  `nodeprep_area_mode{${agent},area="${area}",mode="${name}"}`;
const problem = (reason: string, area = 'cgroup') =>
  `nodeprep_area_problem{${AGENT},area="${area}",reason="${reason}"}`;
const entries = (state: string) => `nodeprep_entries{${AGENT},area="sysctls",state="${state}"}`;
const detected = (source: string) => `nodeprep_drift_detected_total{${AGENT},area="sysctls",source="${source}"}`;

/** Ten nodes of which some have a condition of the type. */
function fleet(of: Readonly<Record<string, (at: number) => string>>): Readonly<Record<string, string>> {
  const result: Record<string, string> = {};
  for (let at = 0; at < 10; at += 1) {
    const agent = `job="nodeprep",instance="10.0.0.${at}:9753",node="worker-${at}"`;
    result[`nodeprep_build_info{${agent},version="1"}`] = '1x100';
    for (const [name, values] of Object.entries(of)) result[name.replace('AGENT', agent)] = values(at);
  }
  return result;
}
const NOT_READY = condition('Ready', 'False', 'AGENT');
const isFirst = (count: number) => (at: number) => (at < count ? '1x100' : '0x100');

/** At least one case in which it fires, and one in which it does not, for every alert. */
export const ALERT_CASES: readonly AlertCase[] = [
  {
    alert: 'NodePrepAgentDown',
    name: 'an agent that is away for longer than a rolling update',
    series: { [`up{${AGENT}}`]: '1x4 0x30' },
    silentAt: ['4m', '19m'],
    fires: { at: '21m', labels: LABELS, summary: 'The NodePrep agent of worker-1 cannot be scraped.' },
  },
  {
    alert: 'NodePrepAgentDown',
    name: 'an agent that restarts, and another job that is down',
    series: { [`up{${AGENT}}`]: '1x4 0x9 1x30', 'up{job="other",instance="a"}': '0x40' },
    silentAt: ['6m', '15m', '30m'],
  },
  {
    alert: 'NodePrepAgentDown',
    name: 'an agent without a node label is named by its instance',
    series: { 'up{job="nodeprep",instance="worker-9"}': '0x30' },
    silentAt: ['10m'],
    fires: {
      at: '20m',
      labels: { job: 'nodeprep', instance: 'worker-9' },
      summary: 'The NodePrep agent of worker-9 cannot be scraped.',
    },
  },
  {
    alert: 'NodePrepAbsent',
    name: 'no agent at all',
    series: { 'up{job="other",instance="a"}': '1x30' },
    silentAt: ['10m'],
    fires: { at: '16m', labels: { job: 'nodeprep' }, summary: 'Prometheus scrapes no NodePrep agent at all.' },
  },
  {
    alert: 'NodePrepAbsent',
    name: 'a single agent, even one that is down',
    series: { [`up{${AGENT}}`]: '0x40' },
    silentAt: ['5m', '20m', '40m'],
  },
  {
    alert: 'NodePrepPassesFailing',
    name: 'rounds that fail from the tenth minute on',
    series: { [`nodeprep_last_success_timestamp_seconds{${AGENT}}`]: '0+60x10 600x90' },
    silentAt: ['10m', '39m', '45m'],
    fires: {
      at: '52m',
      labels: LABELS,
      summary: 'NodePrep on worker-1 has had no round without a failure for half an hour.',
    },
  },
  {
    alert: 'NodePrepPassesFailing',
    name: 'rounds once in five minutes, some of which fail',
    series: { [`nodeprep_last_success_timestamp_seconds{${AGENT}}`]: '0x14 900x14 1800x14 2700x14' },
    silentAt: ['14m', '29m', '44m', '55m'],
  },
  {
    alert: 'NodePrepRestarting',
    name: 'a start every five minutes',
    series: { [`process_start_time_seconds{${AGENT}}`]: '0x4 300x4 600x4 900x4 1200x4 1500x4 1800x4 2100x4 2400x30' },
    silentAt: ['15m', '25m'],
    fires: {
      at: '40m',
      labels: LABELS,
      summary: 'The NodePrep agent of worker-1 keeps restarting.',
      description: 'It started 8 times within an hour. Between the starts drift is not corrected.',
    },
  },
  {
    alert: 'NodePrepRestarting',
    name: 'a rollout of two versions and a hand-over',
    series: { [`process_start_time_seconds{${AGENT}}`]: '0x9 600x9 1200x9 1800x60' },
    silentAt: ['35m', '45m', '60m', '80m'],
  },
  {
    alert: 'NodePrepSpecRefused',
    name: 'a mistake that nobody takes back',
    series: { [`nodeprep_spec_refused{${AGENT}}`]: '0x4 1x30' },
    silentAt: ['4m', '19m'],
    fires: { at: '21m', labels: LABELS, summary: 'The newest spec of worker-1 is refused.' },
  },
  {
    alert: 'NodePrepSpecRefused',
    name: 'a mistake that is taken back',
    series: { [`nodeprep_spec_refused{${AGENT}}`]: '0x4 1x10 0x30' },
    silentAt: ['10m', '20m', '30m'],
  },
  {
    alert: 'NodePrepPassesFailing',
    name: 'a process that stands by and does no rounds',
    series: {
      [`nodeprep_last_success_timestamp_seconds{${AGENT}}`]: '0x90',
      [`nodeprep_standby{${AGENT}}`]: '1x90',
    },
    silentAt: ['45m', '90m'],
  },
  {
    alert: 'NodePrepApiServerUnreachable',
    name: 'an API server that is away for longer than an upgrade',
    series: { [`nodeprep_kube_connected{${AGENT}}`]: '1x4 0x30' },
    silentAt: ['4m', '19m'],
    fires: { at: '21m', labels: LABELS, summary: 'The NodePrep agent of worker-1 does not reach the API server.' },
  },
  {
    alert: 'NodePrepApiServerUnreachable',
    name: 'an API server that comes and goes, and an agent without a cluster',
    series: {
      [`nodeprep_kube_connected{${AGENT}}`]: '1x4 0x10 1 0x10 1 0x10 1x20',
      'nodeprep_build_info{job="nodeprep",instance="b"}': '1x60',
    },
    silentAt: ['14m', '25m', '36m', '50m'],
  },
  {
    alert: 'NodePrepStandingBy',
    name: 'a pod behind a unit that does not let go',
    series: { [`nodeprep_standby{${AGENT}}`]: '1x90' },
    silentAt: ['59m'],
    fires: {
      at: '61m',
      labels: LABELS,
      summary: 'The NodePrep agent of worker-1 has been waiting for another process for an hour.',
    },
  },
  {
    alert: 'NodePrepStandingBy',
    name: 'a hand-over',
    series: { [`nodeprep_standby{${AGENT}}`]: '0x10 1x2 0x90' },
    silentAt: ['12m', '61m', '90m'],
  },
  {
    alert: 'NodePrepDrifted',
    name: 'drift that stays',
    series: { [entries('Drifted')]: '0x4 3x30', [mode('Enforce')]: '1x40', [mode('Audit')]: '0x40' },
    silentAt: ['4m', '19m'],
    fires: {
      at: '21m',
      labels: { ...LABELS, area: 'sysctls', state: 'Drifted' },
      summary: '3 entries of sysctls on worker-1 stay different from the spec.',
    },
  },
  {
    alert: 'NodePrepDrifted',
    name: 'drift that heals itself again and again, or is seen at every other scrape',
    series: {
      [entries('Drifted')]: '0 1 0 1 1 0 2 0 1 0 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0',
      [mode('Enforce')]: '1x40',
    },
    silentAt: ['5m', '15m', '20m', '25m'],
  },
  {
    alert: 'NodePrepDrifted',
    name: 'drift in an area that is only audited, while another one is enforced',
    series: {
      [entries('Drifted')]: '3x60',
      [mode('Enforce')]: '0x60',
      [mode('Audit')]: '1x60',
      [mode('Enforce', 'modules')]: '1x60',
    },
    silentAt: ['20m', '60m'],
  },
  {
    alert: 'NodePrepAuditFindings',
    name: 'what an audit finds',
    series: { [entries('Drifted')]: '3x90', [mode('Enforce')]: '0x90', [mode('Audit')]: '1x90' },
    silentAt: ['59m'],
    fires: {
      at: '61m',
      labels: { ...LABELS, area: 'sysctls', state: 'Drifted' },
      summary: '3 entries of sysctls on worker-1 differ, and the spec asks to report only.',
    },
  },
  {
    alert: 'NodePrepAuditFindings',
    name: 'drift of an area that is enforced, and an audit without findings',
    series: {
      [entries('Drifted')]: '3x90',
      [mode('Enforce')]: '1x90',
      [mode('Audit')]: '0x90',
      [mode('Audit', 'swap')]: '1x90',
      [`nodeprep_entries{${AGENT},area="swap",state="Drifted"}`]: '0x90',
    },
    silentAt: ['61m', '90m'],
  },
  {
    alert: 'NodePrepDegraded',
    name: 'a failure that retries do not fix',
    series: { [condition('Degraded')]: '0x4 1x30' },
    silentAt: ['4m', '19m'],
    fires: {
      at: '21m',
      labels: { ...LABELS, type: 'Degraded', status: 'True' },
      summary: 'NodePrep on worker-1 is degraded.',
    },
  },
  {
    alert: 'NodePrepDegraded',
    name: 'a failure that retries fix, and a node that is fine',
    series: { [condition('Degraded')]: '0x4 1x9 0x30', [condition('Degraded', 'False')]: '1x4 0x9 1x30' },
    silentAt: ['10m', '20m', '40m'],
  },
  {
    alert: 'NodePrepConflicting',
    name: 'a file that overrides ours',
    series: {
      [condition('Conflicting')]: '1x60',
      [`nodeprep_drift_contested{${AGENT},area="sysctls"}`]: '0x60',
    },
    silentAt: ['29m'],
    fires: {
      at: '31m',
      labels: { ...LABELS, type: 'Conflicting', status: 'True' },
      summary: 'Something overrides what is declared for worker-1.',
    },
  },
  {
    alert: 'NodePrepConflicting',
    name: 'a fight, which has an alert of its own',
    series: {
      [condition('Conflicting')]: '1x60',
      [`nodeprep_drift_contested{${AGENT},area="sysctls"}`]: '1x60',
      [`nodeprep_drift_contested{${AGENT},area="swap"}`]: '0x60',
    },
    silentAt: ['31m', '60m'],
  },
  {
    alert: 'NodePrepCgroupsDiffer',
    name: 'a runtime with another driver than the kubelet',
    series: { [condition('CgroupReady', 'False')]: '1x30' },
    silentAt: ['14m'],
    fires: {
      at: '16m',
      labels: { ...LABELS, type: 'CgroupReady', status: 'False' },
      summary: 'Kernel, container runtime and kubelet of worker-1 disagree about control groups.',
    },
  },
  {
    alert: 'NodePrepCgroupsDiffer',
    name: 'a runtime that is not known yet, then one that agrees',
    series: {
      [condition('CgroupReady', 'Unknown')]: '1x20 0x20',
      [condition('CgroupReady', 'False')]: '0x40',
      [condition('CgroupReady')]: '0x20 1x20',
    },
    silentAt: ['16m', '40m'],
  },
  {
    alert: 'NodePrepCgroupsDiffer',
    name: 'a problem that has an alert of its own',
    series: { [condition('CgroupReady', 'False')]: '1x40', [problem('HalfMigrated')]: '1x40' },
    silentAt: ['16m', '40m'],
  },
  {
    alert: 'NodePrepDriverMismatch',
    name: 'drivers that stay different',
    series: { [problem('DriverMismatch', 'cgroup')]: '0x4 1x30' },
    silentAt: ['4m', '19m'],
    fires: {
      at: '21m',
      labels: { ...LABELS, area: 'cgroup', reason: 'DriverMismatch' },
      summary: 'Container runtime and kubelet of worker-1 have different cgroup drivers.',
    },
  },
  {
    alert: 'NodePrepDriverMismatch',
    name: 'a moment of it, and another problem of the area',
    series: { [problem('DriverMismatch', 'cgroup')]: '0x4 1x3 0x30', [problem('Other', 'cgroup')]: '1x40' },
    silentAt: ['7m', '20m', '40m'],
  },
  {
    alert: 'NodePrepHalfMigrated',
    name: 'pods in both trees',
    series: { [problem('HalfMigrated', 'cgroup')]: '0x4 1x30' },
    silentAt: ['4m', '19m'],
    fires: {
      at: '21m',
      labels: { ...LABELS, area: 'cgroup', reason: 'HalfMigrated' },
      summary: 'Pods of both cgroup drivers run on worker-1.',
    },
  },
  {
    alert: 'NodePrepHalfMigrated',
    name: 'a moment of it, and another problem of the area',
    series: { [problem('HalfMigrated', 'cgroup')]: '0x4 1x3 0x30', [problem('Other', 'cgroup')]: '1x40' },
    silentAt: ['7m', '20m', '40m'],
  },
  {
    alert: 'NodePrepRuntimeRestartFailed',
    name: 'a configuration that the runtime refused',
    series: { [problem('RuntimeRestartFailed', 'cgroup')]: '0x4 1x30' },
    silentAt: ['4m', '9m'],
    fires: {
      at: '11m',
      labels: { ...LABELS, area: 'cgroup', reason: 'RuntimeRestartFailed' },
      summary: 'The container runtime of worker-1 did not come up with its new configuration.',
    },
  },
  {
    alert: 'NodePrepRuntimeRestartFailed',
    name: 'a moment of it, and another problem of the area',
    series: { [problem('RuntimeRestartFailed', 'cgroup')]: '0x4 1x3 0x30', [problem('Other', 'cgroup')]: '1x40' },
    silentAt: ['7m', '20m', '40m'],
  },
  {
    alert: 'NodePrepRebootIneffective',
    name: 'a parameter without effect after the reboot',
    series: { [problem('RebootIneffective', 'bootParameters')]: '0x4 1x30' },
    silentAt: ['4m', '9m'],
    fires: {
      at: '11m',
      labels: { ...LABELS, area: 'bootParameters', reason: 'RebootIneffective' },
      summary: 'A reboot of worker-1 did not bring a kernel parameter into effect.',
    },
  },
  {
    alert: 'NodePrepRebootIneffective',
    name: 'a moment of it, and another problem of the area',
    series: {
      [problem('RebootIneffective', 'bootParameters')]: '0x4 1x3 0x30',
      [problem('Other', 'bootParameters')]: '1x40',
    },
    silentAt: ['7m', '20m', '40m'],
  },
  {
    alert: 'NodePrepContested',
    name: 'a fight that goes on',
    series: { [`nodeprep_drift_contested{${AGENT},area="sysctls"}`]: '0x4 2x30' },
    silentAt: ['4m', '14m'],
    fires: {
      at: '16m',
      labels: { ...LABELS, area: 'sysctls' },
      summary: 'Another program keeps changing 2 entries of sysctls on worker-1 back.',
    },
  },
  {
    alert: 'NodePrepContested',
    name: 'a fight that the other party gives up',
    series: { [`nodeprep_drift_contested{${AGENT},area="sysctls"}`]: '0x4 2x5 0x30' },
    silentAt: ['8m', '16m', '30m'],
  },
  {
    alert: 'NodePrepDriftRecurring',
    name: 'a change every two minutes, noticed in two ways',
    series: { [detected('event')]: '0+1x120', [detected('poll')]: '0+0x120' },
    silentAt: ['5m', '15m'],
    fires: {
      at: '70m',
      labels: { ...LABELS, area: 'sysctls' },
      summary: 'sysctls on worker-1 drifted 60 times within an hour.',
    },
  },
  {
    alert: 'NodePrepDriftRecurring',
    name: 'a person who tries something a few times',
    series: { [detected('event')]: '0x10 1x10 2x10 3x10 4x60', [detected('poll')]: '0x10 1x90' },
    silentAt: ['30m', '50m', '90m'],
  },
  {
    alert: 'NodePrepRebootRequired',
    name: 'a boot that nobody does',
    series: { [condition('RebootRequired')]: '1x1500' },
    silentAt: ['23h'],
    fires: {
      at: '24h5m',
      labels: { ...LABELS, type: 'RebootRequired', status: 'True' },
      summary: 'worker-1 has been waiting for a reboot for a day.',
    },
  },
  {
    alert: 'NodePrepRebootRequired',
    name: 'a boot in the maintenance window of the next night',
    series: { [condition('RebootRequired')]: '1x700 0x800' },
    silentAt: ['11h', '12h', '24h5m'],
  },
  {
    alert: 'NodePrepPaused',
    name: 'a pause that was forgotten',
    series: { [mode('Paused')]: '1x1500', [mode('Enforce')]: '0x1500' },
    silentAt: ['23h'],
    fires: {
      at: '24h5m',
      labels: { ...LABELS, area: 'sysctls', mode: 'Paused' },
      summary: 'sysctls on worker-1 has been paused for a day.',
    },
  },
  {
    alert: 'NodePrepPaused',
    name: 'a pause of an afternoon, and one of nothing',
    series: { [mode('Paused')]: '1x300 0x1200', [mode('Paused', 'swap')]: '0x1500' },
    silentAt: ['4h', '12h', '24h5m'],
  },
  {
    alert: 'NodePrepFleetNotReady',
    name: 'a change of the spec that a third of the nodes cannot follow',
    series: fleet({ [NOT_READY]: isFirst(3) }),
    silentAt: ['14m'],
    fires: {
      at: '17m',
      labels: { job: 'nodeprep' },
      summary: '30% of the nodes are not prepared as declared.',
    },
  },
  {
    alert: 'NodePrepFleetNotReady',
    name: 'two nodes of ten',
    series: fleet({ [NOT_READY]: isFirst(2) }),
    silentAt: ['17m', '60m'],
  },
  {
    alert: 'NodePrepFleetNotReady',
    name: 'a rollout that needs reboots, a fleet in audit, and one that is paused',
    series: fleet({
      [NOT_READY]: () => '1x100',
      [condition('RebootRequired', 'True', 'AGENT')]: isFirst(5),
      [mode('Audit', 'sysctls', 'AGENT')]: (at) => (at >= 5 && at < 8 ? '1x100' : '0x100'),
      [mode('Paused', 'swap', 'AGENT')]: (at) => (at >= 8 ? '1x100' : '0x100'),
    }),
    silentAt: ['17m', '60m'],
  },
  {
    alert: 'NodePrepFleetNotReady',
    name: 'one node of a cluster of two',
    series: {
      [`nodeprep_build_info{${AGENT}}`]: '1x100',
      'nodeprep_build_info{job="nodeprep",instance="b"}': '1x100',
      [condition('Ready', 'False')]: '1x100',
    },
    silentAt: ['17m', '60m'],
  },
  {
    alert: 'NodePrepRepairSlow',
    name: 'repairs of five minutes',
    series: {
      [`nodeprep_drift_repair_seconds_bucket{${AGENT},le="1"}`]: '0x120',
      [`nodeprep_drift_repair_seconds_bucket{${AGENT},le="60"}`]: '0x120',
      [`nodeprep_drift_repair_seconds_bucket{${AGENT},le="300"}`]: '0+1x120',
      [`nodeprep_drift_repair_seconds_bucket{${AGENT},le="+Inf"}`]: '0+1x120',
    },
    silentAt: ['20m'],
    fires: {
      at: '60m',
      labels: { job: 'nodeprep' },
      summary: 'Drift takes 4m 36s to be corrected.',
    },
  },
  {
    alert: 'NodePrepRepairSlow',
    name: 'repairs within a second, one slow one, and none at all',
    series: {
      [`nodeprep_drift_repair_seconds_bucket{${AGENT},le="1"}`]: '0+1x60 60x60',
      [`nodeprep_drift_repair_seconds_bucket{${AGENT},le="60"}`]: '0+1x60 60x60',
      [`nodeprep_drift_repair_seconds_bucket{${AGENT},le="300"}`]: '0x30 1+1x30 31x60',
      [`nodeprep_drift_repair_seconds_bucket{${AGENT},le="+Inf"}`]: '0+1x30 32+1x30 62x60',
    },
    silentAt: ['35m', '60m', '120m'],
  },
  {
    alert: 'NodePrepLeaseExpired',
    name: 'an agent that is gone together with its pod',
    series: { 'kube_lease_renew_time{namespace="nodeprep-system",lease="worker-1",job="kube-state-metrics"}': '0x30' },
    silentAt: ['9m', '14m'],
    fires: {
      at: '20m',
      labels: { namespace: 'nodeprep-system', lease: 'worker-1', job: 'kube-state-metrics' },
      summary: 'The NodePrep agent of worker-1 has not renewed its Lease for 20m 0s.',
    },
  },
  {
    alert: 'NodePrepLeaseExpired',
    name: 'an agent that renews, and leases of others',
    series: {
      'kube_lease_renew_time{namespace="nodeprep-system",lease="worker-1"}': '0+60x60',
      'kube_lease_renew_time{namespace="kube-node-lease",lease="worker-1"}': '0x60',
    },
    silentAt: ['30m', '60m'],
  },
  {
    alert: 'NodePrepFleetDegraded',
    name: 'a spec that two of ten nodes refuse',
    series: fleet({ [condition('Degraded', 'True', 'AGENT')]: isFirst(2) }),
    silentAt: ['5m'],
    fires: { at: '12m', labels: { job: 'nodeprep' }, summary: '20% of the nodes are degraded.' },
  },
  {
    alert: 'NodePrepFleetDegraded',
    name: 'one node of ten',
    series: fleet({ [condition('Degraded', 'True', 'AGENT')]: isFirst(1) }),
    silentAt: ['30m'],
  },
];
