/** The agent's pod on a node, as the API server and the kernel of the node see it. */
import { NAMESPACE } from '../../../apiserver/harness/manifests.ts';
import type { Cluster, Worker } from './cluster.ts';

/** A pod as the API server has it. */
export interface StoredPod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly nodeName: string;
    readonly priority: number;
    readonly containers: readonly { readonly image: string }[];
  };
  readonly status: {
    readonly containerStatuses?: readonly {
      readonly ready: boolean;
      readonly restartCount: number;
      readonly containerID?: string;
    }[];
  };
}

/** All pods of the agents. */
export async function agentPods({ kubectl }: Cluster): Promise<readonly StoredPod[]> {
  const list = JSON.parse(await kubectl('get', 'pods', '-n', NAMESPACE, '-o', 'json')) as { items: StoredPod[] };
  return list.items;
}

/** The agent's pod of a node; throws while there is none, or only one that ends. */
export async function agentPod(cluster: Cluster, { name }: Worker): Promise<StoredPod> {
  const pod = (await agentPods(cluster)).find(
    ({ spec, metadata }) => spec.nodeName === name && metadata.deletionTimestamp === undefined,
  );
  if (pod === undefined) throw new Error(`No agent on ${name}`);
  return pod;
}

/** What the agent of a node has said since its container was started. */
export async function agentLog(cluster: Cluster, worker: Worker): Promise<string> {
  const { metadata } = await agentPod(cluster, worker);
  return cluster.kubectl('logs', '-n', NAMESPACE, metadata.name);
}

/** The process of the agent, as its node counts. */
export async function agentProcess(cluster: Cluster, worker: Worker): Promise<number> {
  const { status } = await agentPod(cluster, worker);
  const id = status.containerStatuses?.[0]?.containerID?.replace('containerd://', '');
  if (id === undefined) throw new Error(`The agent of ${worker.name} has no container`);
  return Number(await worker.run(`ctr -n k8s.io task ls | awk '$1 == "${id}" { print $2 }'`));
}

/** Names of `CAP_...` by their bits, as linux/capability.h counts. */
const CAPABILITIES: Readonly<Record<number, string>> = {
  ...{ 0: 'CHOWN', 1: 'DAC_OVERRIDE', 3: 'FOWNER', 12: 'NET_ADMIN', 16: 'SYS_MODULE', 18: 'SYS_CHROOT' },
  ...{ 19: 'SYS_PTRACE', 21: 'SYS_ADMIN', 24: 'SYS_RESOURCE' },
};

/** What a process may do, as the kernel has it. */
export interface Rights {
  /** Names without `CAP_`, sorted. */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: string;
  /** "2" is a filter. */
  readonly seccomp: string;
  /** The namespaces that it has in common with process 1. */
  readonly shared: string;
}

/** Reads what a process of a node may do. */
export async function rightsOf(worker: Worker, pid: number): Promise<Rights> {
  const text = await worker.run(
    `cd /proc/${pid}; grep -E '^(CapEff|NoNewPrivs|Seccomp):' status
     echo "shared:$(for n in ipc mnt net pid uts; do [ "$(readlink ns/$n)" != "$(readlink /proc/1/ns/$n)" ] || printf ' %s' $n; done)"`,
  );
  const of = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
  return {
    capabilities: capabilityNames(BigInt(`0x${of('CapEff')}`)),
    noNewPrivileges: of('NoNewPrivs'),
    seccomp: of('Seccomp'),
    shared: of('shared'),
  };
}

/** The names of a set of capabilities as `/proc/PID/status` has it. */
export function capabilityNames(bits: bigint): readonly string[] {
  return Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => ((bits >> BigInt(bit)) & 1n) === 1n)
    .map((bit) => CAPABILITIES[bit] ?? `capability ${bit}`)
    .toSorted();
}
