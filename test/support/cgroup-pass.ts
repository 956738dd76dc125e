/** Runs the area cgroup on a `MemoryHost`, through the real engine and ledger. */
import type { CgroupSpec } from '../../src/api/parts/cgroup.ts';
import { emptySpec, type NodePrepSpec } from '../../src/api/spec/nodeprep.ts';
import { cgroup as area } from '../../src/areas/cgroup/index.ts';
import { type ContainerRuntimeOptions, containerRuntime } from '../../src/host/memory/container-runtime.ts';
import { type MemoryBehaviour, type MemoryFiles, MemoryHost } from '../../src/host/memory/memory-host.ts';
import { openLedger } from '../../src/reconcile/ledger/ledger.ts';
import { manage } from '../../src/reconcile/pass/pass.ts';
import type { AreaReport } from '../../src/reconcile/report/report.ts';

/** cgroup v2 as a kernel of today shows it. */
export const V2: MemoryFiles = {
  '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory hugetlb pids rdma misc\n',
  '/run/systemd/units': null,
};
/** Both hierarchies, as systemd.unified_cgroup_hierarchy=0 gives them. */
export const HYBRID: MemoryFiles = {
  '/sys/fs/cgroup/unified/cgroup.controllers': '\n',
  '/sys/fs/cgroup/systemd': null,
  '/proc/cgroups':
    '#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t4\t2\t1\ncpu\t6\t40\t1\nmemory\t9\t80\t1\npids\t8\t50\t1\n',
  '/run/systemd/units': null,
};

const TABLE = 'plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc';
/** The main file of containerd with a driver. */
export const containerdWith = (systemd: boolean) =>
  `version = 2\n[${TABLE}]\n  runtime_type = "io.containerd.runc.v2"\n  [${TABLE}.options]\n    SystemdCgroup = ${systemd}\n`;
/** The configuration of a kubelet that kubeadm joined. */
export const KUBELET = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver: systemd\n';

/** A containerd 1.6 that runs with the driver. */
export function runningContainerd(systemd: boolean, more: Partial<ContainerRuntimeOptions> = {}) {
  return containerRuntime({
    socket: '/run/containerd/containerd.sock',
    unit: 'containerd.service',
    version: '1.6.20~ds1',
    handlers: { runc: { type: 'io.containerd.runc.v2', systemdCgroup: systemd } },
    ...more,
  });
}

/** A host with the runtimes running. */
export function cgroupHost(
  files: MemoryFiles,
  runtimes: readonly ReturnType<typeof containerRuntime>[] = [],
  behaviours: readonly MemoryBehaviour[] = [],
): MemoryHost {
  const host = new MemoryHost(files, { behaviours: [...runtimes.map(({ behaviour }) => behaviour), ...behaviours] });
  for (const runtime of runtimes) runtime.start(host);
  return host;
}

/** A spec that declares cgroups and nothing else. */
export function cgroupSpec(changes: Partial<CgroupSpec> = {}): NodePrepSpec {
  const cgroup: CgroupSpec = {
    version: 'Any',
    controllers: ['cpu', 'cpuset', 'memory', 'pids'],
    driver: 'systemd',
    whenPodsRun: 'Wait',
    ...changes,
  };
  return { ...emptySpec('Keep'), cgroup };
}

/** One pass, as the daemon makes it. */
export async function passCgroup(host: MemoryHost, spec: NodePrepSpec = cgroupSpec()): Promise<AreaReport> {
  const ledger = await openLedger(host, () => new Date('2026-01-02T03:04:05Z'));
  return manage(area).reconcile(spec, { host, ledger, signal: new AbortController().signal, clock: () => 0 });
}

/** What is looked at for `explain` and `verify`. */
export function inspectCgroup(host: MemoryHost, spec: NodePrepSpec = cgroupSpec()) {
  return manage(area).inspect(spec, host, new AbortController().signal);
}
