/** A joined node in memory whose cgroup driver is changed, and daemons on it that can be killed. */
import type { CgroupSpec } from '../../src/api/parts/cgroup.ts';
import type { NodePrepSpec } from '../../src/api/spec/nodeprep.ts';
import { cgroup as area } from '../../src/areas/cgroup/index.ts';
import { type MemoryBehaviour, type MemoryFiles, MemoryHost } from '../../src/host/memory/memory-host.ts';
import { type PodNode, podNode, type PodNodeOptions } from '../../src/host/memory/pod-node.ts';
import { openLedger } from '../../src/reconcile/ledger/ledger.ts';
import { createEngine } from '../../src/reconcile/loop/engine.ts';
import { manage } from '../../src/reconcile/pass/pass.ts';
import { containerdProgram } from './runtimes/containerd-program.ts';
import { cgroupSpec, containerdWith, V2 } from './cgroup-pass.ts';

/** The files that have the driver. */
export const CONTAINERD_CONFIG = '/etc/containerd/config.toml';
export const KUBELET_CONFIG = '/var/lib/kubelet/config.yaml';
/** The pods of the node. */
export const PODS = ['11111111-aaaa-4aaa-8aaa-000000000001', '22222222-bbbb-4bbb-8bbb-000000000002'] as const;

const kubeletWith = (driver: string) =>
  `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver: ${driver}\n`;

/** How the node differs from a joined one on which all have the driver cgroupfs. */
export interface DriverNodeOptions extends PodNodeOptions {
  readonly files?: MemoryFiles;
  /** The program containerd; 1.7.24 unless given. */
  readonly program?: MemoryBehaviour;
  /** The driver of the kubelet; `none`: there is no kubelet. */
  readonly kubelet?: 'systemd' | 'cgroupfs' | 'none';
  /** Whether the file of containerd says systemd when it starts. */
  readonly isSystemd?: boolean;
}

/** The node, switched on. */
export function driverNode(options: DriverNodeOptions = {}): { readonly host: MemoryHost; readonly node: PodNode } {
  const { kubelet = 'cgroupfs' } = options;
  const node = podNode({ pods: kubelet === 'none' ? [] : PODS, ...options });
  const files: MemoryFiles = {
    ...V2,
    '/usr/bin/containerd': '',
    [CONTAINERD_CONFIG]: containerdWith(options.isSystemd === true),
    ...(kubelet === 'none'
      ? {}
      : { [KUBELET_CONFIG]: kubeletWith(kubelet), '/etc/kubernetes/kubelet.conf': 'credentials' }),
    ...options.files,
  };
  const behaviours = [node.behaviour, options.program ?? containerdProgram('1.7.24').behaviour];
  const host = new MemoryHost(files, { behaviours });
  node.boot(host);
  return { host, node };
}

/** A process of the daemon; another one of the same host is the one after a restart. */
export async function daemonOf(host: MemoryHost, { isBootGate = false } = {}) {
  const now = () => new Date('2026-11-21T10:00:00Z');
  const ledger = await openLedger(host, now);
  const engine = createEngine({ areas: [manage(area)], host, ledger, clock: () => 0, now, isBootGate });
  let generation = 0;
  return async (changes: Partial<CgroupSpec> = {}, parts: Partial<NodePrepSpec> = {}) => {
    generation += 1;
    const snapshot = { name: 'node1', generation, spec: { ...cgroupSpec(changes), ...parts }, source: {} };
    const report = await engine.round({ snapshot, cause: 'spec' }, new AbortController().signal);
    const condition = (type: string) => report.conditions.find((one) => one.type === type);
    return { report, pending: report.status.pending, condition };
  };
}

/** Which trees hold pods now. */
export function treesWithPods(host: MemoryHost): readonly string[] {
  const trees = [...host.nodes.keys()].flatMap((path) => {
    const [, tree] = /^\/sys\/fs\/cgroup\/(kubepods\.slice|kubepods|system\.slice)\/.*\.procs$/.exec(path) ?? [];
    return tree === undefined ? [] : [tree];
  });
  return [...new Set(trees)].toSorted();
}
