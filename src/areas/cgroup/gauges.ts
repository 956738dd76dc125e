/** What metrics show of control groups besides whether all agree. */
import type { HostReader } from '../../host/host.ts';
import type { AreaCounter, AreaGauge } from '../surroundings.ts';
import { observeCgroup } from './observe/observe.ts';
import { driverOf, restartedUnit, RUNTIME_NAMES } from './observe/runtimes.ts';
import { kubeletDriver } from './plan/drivers.ts';

/** Which hierarchy and drivers a node has, and how its runtime answers. */
export const CGROUP_GAUGES: readonly AreaGauge[] = [
  {
    name: 'cgroup_info',
    help: 'Always 1; the labels say which hierarchy, container runtime and drivers the node has.',
    labels: ['version', 'runtime', 'runtime_version', 'runtime_driver', 'kubelet_driver'],
    read: cgroupInfo,
  },
  {
    name: 'runtime_answer_seconds',
    help: 'How long the container runtime took to answer when it was asked last, at each of its starts and every ten minutes; NaN when it did not.',
    read: async (host) => (await look(host)).used?.answer?.seconds,
  },
];

/** Restarts by NodePrep; one that was taken back has failed. */
export const CGROUP_COUNTERS: readonly AreaCounter[] = [
  {
    name: 'runtime_restarts_total',
    help: 'Restarts of container runtimes by NodePrep, by how they came out; a failure was taken back.',
    label: 'runtime',
    targets: Object.fromEntries(RUNTIME_NAMES.map((name) => [name, restartedUnit(name)])),
    action: 'restart',
  },
];

/** Costs no question of its own while the area is managed: the answers of the runtime are kept. */
async function cgroupInfo(host: HostReader): Promise<Readonly<Record<string, string>>> {
  const observed = await look(host);
  const { cgroups, used } = observed;
  return {
    version: cgroups?.version ?? '',
    runtime: used?.name ?? '',
    runtime_version: used?.version ?? '',
    runtime_driver: used === undefined ? '' : driverOf(used),
    kubelet_driver: kubeletDriver(observed) ?? '',
  };
}

const look = (host: HostReader) => observeCgroup(host, {}, new AbortController().signal);
