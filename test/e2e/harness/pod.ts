/**
 * The agent in a machine, as its DaemonSet runs it: this file does what a kubelet and containerd do, with the image's
 * root tree from the second disk, the container's configuration from the manifest, and runc.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentBundle } from '../../support/oci/agent-pod.ts';
import { type Machine, TOOLS } from './machine.ts';
import { OUTSIDE } from './qemu-arguments.ts';

const DEFAULT_SPEC = join(import.meta.dirname, '../../../manifests/agent/default-spec.yaml');
const FOLDER = '/run/pod';
/** Long enough for the start of an executable of 118 MB from an emulated disk. */
const START_MS = 120_000;

/** Below which the agent is accounted for, beside everything that systemd has. */
export const POD_CGROUP = '/kubepods/agent';

/** How the pod proves who it is. */
export interface PodIdentity {
  readonly token: string;
  /** PEM text of the authority that the API server's certificate comes from. */
  readonly ca: string;
  readonly namespace: string;
}

/** The pod of one machine. */
export interface Pod {
  /** Starts the container, after an earlier one has ended; resolves with its process id on the host. */
  readonly start: () => Promise<number>;
  /** What it has said since its last start. */
  readonly log: () => Promise<string>;
}

/** A command for scripts in the machine that ends the pod without a warning. */
export const KILL_POD = `kill -KILL $(<${FOLDER}/pid)`;

/** Puts together what the pod of the node is started from. */
export async function preparePod(machine: Machine, node: string, { token, ca, namespace }: PodIdentity): Promise<Pod> {
  const [host, port] = OUTSIDE.split(':');
  const bundle = agentBundle({
    rootfs: `${FOLDER}/rootfs`,
    nodeName: node,
    volumes: { 'default-spec': `${FOLDER}/default-spec` },
    serviceAccount: `${FOLDER}/service-account`,
    env: { KUBERNETES_SERVICE_HOST: host ?? '', KUBERNETES_SERVICE_PORT: port ?? '' },
    cgroupsPath: POD_CGROUP,
  });
  await machine.put(`${FOLDER}/config.json`, JSON.stringify(bundle));
  await machine.put(`${FOLDER}/default-spec/nodeprep.yaml`, readFileSync(DEFAULT_SPEC, 'utf8'));
  for (const [name, text] of Object.entries({ token, 'ca.crt': ca, namespace }))
    await machine.put(`${FOLDER}/service-account/${name}`, text);
  // A layer that takes the mount points which the image does not have, as containerd's snapshots do.
  await machine.run(`cd ${FOLDER} && mkdir upper work rootfs && chmod 700 service-account && modprobe overlay &&
    mount -t overlay -o lowerdir=${TOOLS}/image,upperdir=upper,workdir=work overlay rootfs`);
  return {
    start: async () => {
      const script = `cd ${FOLDER} && { runc delete --force agent 2>/dev/null; runc run --detach --pid-file pid agent >log 2>&1 </dev/null || { cat log; false; }; } && cat pid`;
      return Number(await machine.run(script, { timeoutMs: START_MS }));
    },
    log: () => machine.run(`cat ${FOLDER}/log`),
  };
}

/** Names of `CAP_...` by their bits, as linux/capability.h counts. */
const CAPABILITIES: Readonly<Record<number, string>> = {
  ...{ 0: 'CHOWN', 1: 'DAC_OVERRIDE', 3: 'FOWNER', 12: 'NET_ADMIN', 16: 'SYS_MODULE', 18: 'SYS_CHROOT' },
  ...{ 19: 'SYS_PTRACE', 21: 'SYS_ADMIN', 24: 'SYS_RESOURCE' },
};

/** What a process of a machine may do, as the kernel has it. */
export interface Rights {
  /** Names without `CAP_`, sorted. */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: string;
  /** "2" is a filter. */
  readonly seccomp: string;
  readonly cgroup: string;
  /** The namespaces that it has in common with process 1. */
  readonly shared: string;
}

/** Reads what a process of a machine may do. */
export async function rightsOf(machine: Machine, pid: number): Promise<Rights> {
  const text = await machine.run(
    `cd /proc/${pid}; grep -E '^(CapEff|NoNewPrivs|Seccomp):' status; echo "cgroup: $(cut -d: -f3 cgroup)"
     echo "shared:$(for n in ipc mnt net pid uts; do [ "$(readlink ns/$n)" != "$(readlink /proc/1/ns/$n)" ] || printf ' %s' $n; done)"`,
  );
  const of = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
  const bits = BigInt(`0x${of('CapEff')}`);
  const held = Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => ((bits >> BigInt(bit)) & 1n) === 1n);
  return {
    capabilities: held.map((bit) => CAPABILITIES[bit] ?? `capability ${bit}`).toSorted(),
    noNewPrivileges: of('NoNewPrivs'),
    seccomp: of('Seccomp'),
    cgroup: of('cgroup'),
    shared: of('shared'),
  };
}
