/**
 * The alerts. Drift that NodePrep corrects is gone within seconds and raises none; drift that
 * stays or comes back does, and so does a host that is not looked at.
 */
import { AGENT, alert, type AlertRule, NODE } from './rule.ts';

/** The agents themselves: without them nothing is known about the hosts. */
export const AGENT_ALERTS: readonly AlertRule[] = [
  alert(
    'NodePrepAgentDown',
    'warning',
    '15m',
    'up{job="nodeprep"} == 0',
    `The NodePrep agent of ${NODE} cannot be scraped.`,
    'For 15 minutes Prometheus got no metrics from the agent. What is in place on the host stays in place, but drift is neither corrected nor seen, unless only the endpoint is away.',
  ),
  alert(
    'NodePrepAbsent',
    'warning',
    '15m',
    'absent(up{job="nodeprep"})',
    'Prometheus scrapes no NodePrep agent at all.',
    'Either no agent is installed, or the PodMonitor or scrape job "nodeprep" is not picked up. No other alert of NodePrep can fire.',
  ),
  alert(
    'NodePrepPassesFailing',
    'warning',
    '10m',
    `time() - nodeprep_last_success_timestamp_seconds > 1800 unless on (${AGENT}) (nodeprep_standby == 1)`,
    `NodePrep on ${NODE} has had no round without a failure for half an hour.`,
    'An area of the host cannot be observed or changed, or the first round never ended. Retries go on with growing pauses.',
  ),
  alert(
    'NodePrepRestarting',
    'warning',
    '10m',
    'changes(process_start_time_seconds{job="nodeprep"}[1h]) > 3',
    `The NodePrep agent of ${NODE} keeps restarting.`,
    'It started {{ $value }} times within an hour. Between the starts drift is not corrected.',
  ),
  alert(
    'NodePrepSpecRefused',
    'warning',
    '15m',
    'nodeprep_spec_refused == 1',
    `The newest spec of ${NODE} is refused.`,
    'The spec has a mistake or asks for what the host forbids. The last good one stays enforced, so the newest change is not in effect.',
  ),
  alert(
    'NodePrepApiServerUnreachable',
    'warning',
    '15m',
    'nodeprep_kube_connected == 0',
    `The NodePrep agent of ${NODE} does not reach the API server.`,
    'It goes on enforcing the spec that it received last. Changes of the spec do not arrive, and the status in the cluster is old.',
  ),
  alert(
    'NodePrepLeaseExpired',
    'warning',
    '5m',
    'time() - kube_lease_renew_time{namespace="nodeprep-system"} > 600',
    'The NodePrep agent of {{ $labels.lease }} has not renewed its Lease for {{ $value | humanizeDuration }}.',
    'The agent or its host is gone, or does not reach the API server: what its NodePrep says is old. Other than scrapes this is seen also where Prometheus no longer knows the pod. Needs kube-state-metrics.',
  ),
  alert(
    'NodePrepStandingBy',
    'info',
    '1h',
    'nodeprep_standby == 1',
    `The NodePrep agent of ${NODE} has been waiting for another process for an hour.`,
    'Another NodePrep manages this host, so the spec of the cluster may not be in effect on it. For a unit that is scraped on its own host, waiting for the agent of the cluster is as it should be.',
  ),
];

/** The hosts. */
export const HOST_ALERTS: readonly AlertRule[] = [
  alert(
    'NodePrepDrifted',
    'warning',
    '15m',
    '(nodeprep_entries{state="Drifted"} > 0) and ignoring (state, mode) (nodeprep_area_mode{mode="Enforce"} == 1)',
    `{{ $value }} entries of {{ $labels.area }} on ${NODE} stay different from the spec.`,
    'Drift is normally corrected within seconds. For 15 minutes it was not.',
  ),
  alert(
    'NodePrepAuditFindings',
    'info',
    '1h',
    '(nodeprep_entries{state="Drifted"} > 0) and ignoring (state, mode) (nodeprep_area_mode{mode="Audit"} == 1)',
    `{{ $value }} entries of {{ $labels.area }} on ${NODE} differ, and the spec asks to report only.`,
    'The area is in mode Audit. What would be done is in the status; mode Enforce would do it.',
  ),
  alert(
    'NodePrepDegraded',
    'warning',
    '15m',
    'nodeprep_condition{type="Degraded",status="True"} == 1',
    `NodePrep on ${NODE} is degraded.`,
    'Something failed or is blocked for 15 minutes in spite of retries. Reason and message are in the condition Degraded.',
  ),
  alert(
    'NodePrepConflicting',
    'warning',
    '30m',
    `nodeprep_condition{type="Conflicting",status="True"} == 1 unless on (${AGENT}) (nodeprep_drift_contested > 0)`,
    `Something overrides what is declared for ${NODE}.`,
    'A file that is read later sets another value, or a field of the NodePrep belongs to another manager. The condition Conflicting names it.',
  ),
  alert(
    'NodePrepCgroupsDiffer',
    'warning',
    '15m',
    `nodeprep_condition{type="CgroupReady",status="False"} == 1 unless on (${AGENT}) (nodeprep_area_problem{reason=~"DriverMismatch|HalfMigrated|RuntimeRestartFailed"} == 1)`,
    `Kernel, container runtime and kubelet of ${NODE} disagree about control groups.`,
    'Pods can run outside of the groups that limit them, or new ones fail. The condition CgroupReady has all places and the lines to write.',
  ),
  alert(
    'NodePrepDriverMismatch',
    'warning',
    '15m',
    'nodeprep_area_problem{reason="DriverMismatch"} == 1',
    `Container runtime and kubelet of ${NODE} have different cgroup drivers.`,
    'Pods escape their limits, or new ones fail. The change waits for an approval, or for a person: the condition CgroupReady says which.',
  ),
  alert(
    'NodePrepHalfMigrated',
    'warning',
    '15m',
    'nodeprep_area_problem{reason="HalfMigrated"} == 1',
    `Pods of both cgroup drivers run on ${NODE}.`,
    'The driver was changed under running pods. Those from before are outside of the groups that limit and count them until they are made anew.',
  ),
  alert(
    'NodePrepRuntimeRestartFailed',
    'warning',
    '5m',
    'nodeprep_area_problem{reason="RuntimeRestartFailed"} == 1',
    `The container runtime of ${NODE} did not come up with its new configuration.`,
    'The previous file is back and is not tried again until it or the spec changes. The condition CgroupReady has the first error of the runtime, and says whether it answers.',
  ),
  alert(
    'NodePrepRebootIneffective',
    'warning',
    '5m',
    'nodeprep_area_problem{reason="RebootIneffective"} == 1',
    `A reboot of ${NODE} did not bring a kernel parameter into effect.`,
    'The parameter stands where the boot loader reads it, and the running kernel shows no effect. Another reboot would not help, so none is asked for.',
  ),
  alert(
    'NodePrepContested',
    'warning',
    '10m',
    'nodeprep_drift_contested > 0',
    `Another program keeps changing {{ $value }} entries of {{ $labels.area }} on ${NODE} back.`,
    'NodePrep holds its corrections off with growing pauses, so as not to fight forever. The condition Conflicting names the likely other party.',
  ),
  alert(
    'NodePrepDriftRecurring',
    'info',
    '10m',
    'sum without (source) (increase(nodeprep_drift_detected_total[1h])) > 10',
    `{{ $labels.area }} on ${NODE} drifted {{ $value | printf "%.0f" }} times within an hour.`,
    'Each time it was corrected or reported, but a person or a program keeps changing the host.',
  ),
  alert(
    'NodePrepRebootRequired',
    'info',
    '1d',
    'nodeprep_condition{type="RebootRequired",status="True"} == 1',
    `${NODE} has been waiting for a reboot for a day.`,
    'Everything is in place for the next reboot, but the running kernel still differs. NodePrep does not reboot hosts.',
  ),
  alert(
    'NodePrepPaused',
    'info',
    '1d',
    'nodeprep_area_mode{mode="Paused"} == 1',
    `{{ $labels.area }} on ${NODE} has been paused for a day.`,
    'Nothing is looked at and nothing corrected. A pause that is no longer meant is easily forgotten.',
  ),
];

/** The fleet. */
export const FLEET_ALERTS: readonly AlertRule[] = [
  alert(
    'NodePrepFleetNotReady',
    'critical',
    '15m',
    'cluster_job:nodeprep_nodes_unprepared:ratio > 0.2 and cluster_job:nodeprep_nodes:count >= 5',
    '{{ $value | humanizePercentage }} of the nodes are not prepared as declared.',
    'More than a fifth of the nodes that are enforced are not ready, and not because of a reboot. A change of the spec for all of them is the usual cause.',
  ),
  alert(
    'NodePrepFleetDegraded',
    'critical',
    '10m',
    'count by (cluster, job) (nodeprep_condition{type="Degraded",status="True"} == 1) / cluster_job:nodeprep_nodes:count > 0.1 and cluster_job:nodeprep_nodes:count >= 5',
    '{{ $value | humanizePercentage }} of the nodes are degraded.',
    'More than a tenth of the nodes refuse the newest spec or cannot apply it. One spec for all of them is the usual cause. It inhibits the alerts of the single nodes where Alertmanager has the rule of manifests/prometheus/inhibition.yaml.',
  ),
  alert(
    'NodePrepRepairSlow',
    'info',
    '30m',
    'cluster_job:nodeprep_drift_repair_seconds:p90_30m > 60',
    'Drift takes {{ $value | humanizeDuration }} to be corrected.',
    'A tenth of the repairs of the last half hour took longer than a minute. Normal are seconds.',
  ),
];
