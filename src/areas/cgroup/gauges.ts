/** What metrics show of control groups besides whether all agree. */
import type { HostReader } from '../../host/host.ts';
import type { AreaGauge } from '../surroundings.ts';
import { observeCgroup } from './observe/observe.ts';
import { driverOf } from './observe/runtimes.ts';
import { kubeletDriver } from './plan/drivers.ts';

/** Which hierarchy and drivers a node has. */
export const CGROUP_GAUGES: readonly AreaGauge[] = [
  {
    name: 'cgroup_info',
    help: 'Always 1; the labels say which hierarchy, container runtime and drivers the node has.',
    labels: ['version', 'runtime', 'runtime_version', 'runtime_driver', 'kubelet_driver'],
    read: cgroupInfo,
  },
];

/** Costs no question of its own while the area is managed: the answers of the runtime are kept. */
async function cgroupInfo(host: HostReader): Promise<Readonly<Record<string, string>>> {
  const observed = await observeCgroup(host, {}, new AbortController().signal);
  const { cgroups, used } = observed;
  return {
    version: cgroups?.version ?? '',
    runtime: used?.name ?? '',
    runtime_version: used?.version ?? '',
    runtime_driver: used === undefined ? '' : driverOf(used),
    kubelet_driver: kubeletDriver(observed) ?? '',
  };
}
