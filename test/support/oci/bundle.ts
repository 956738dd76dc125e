/**
 * What a kubelet and containerd make of a pod's container: the config.json of an OCI bundle, with which runc starts
 * the agent as a cluster would, without a cluster. Only what the DaemonSet uses is translated; anything else throws,
 * so that a new field in the manifest cannot be ignored here.
 */
import { capabilitiesFrom } from './capabilities.ts';
import { mountsFrom } from './mounts.ts';
import type { Container, ImageConfig, PodSpec } from './pod.ts';

/** What surrounds the container on its node. */
export interface BundleOptions {
  readonly image: ImageConfig;
  /** Root tree of the image, absolute. */
  readonly rootfs: string;
  readonly nodeName: string;
  /** Directories that stand for volumes, by volume name; hostPath volumes need none. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Directory with `token`, `ca.crt` and `namespace`; without it there is no token. */
  readonly serviceAccount?: string;
  /** What the kubelet adds: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. */
  readonly env?: Readonly<Record<string, string>>;
  /** Profile that `RuntimeDefault` stands for, as the runtime makes it for these capabilities. */
  readonly defaultSeccomp: unknown;
  /** Below which cgroup the container runs, for cgroup v2 without systemd: "/kubepods/agent". */
  readonly cgroupsPath: string;
}

/** As containerd and CRI-O hide and protect them in every container that is not privileged. */
const MASKED = [
  ...['/proc/acpi', '/proc/asound', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list'],
  ...['/proc/timer_stats', '/proc/sched_debug', '/proc/scsi', '/sys/firmware', '/sys/devices/virtual/powercap'],
];
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** How the kubelet protects pods of the priority class system-node-critical from the kernel's OOM killer. */
const CRITICAL_OOM_SCORE = -997;

/** The config.json for one container of a pod. */
export function ociConfigFrom(pod: PodSpec, container: Container, options: BundleOptions): unknown {
  const context = { ...pod.securityContext, ...container.securityContext };
  const { capabilities, privileged = false, readOnlyRootFilesystem = false, allowPrivilegeEscalation = true } = context;
  if (privileged) throw new Error('A privileged container is not translated: the agent must do without');
  const granted = capabilitiesFrom(capabilities);
  const { runAsUser = options.image.uid, runAsGroup = options.image.gid } = context;
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: runAsUser, gid: runAsGroup },
      args: [...(container.command ?? options.image.entrypoint), ...(container.args ?? options.image.cmd)],
      env: environmentOf(container, options),
      cwd: '/',
      // Nothing is inheritable or ambient, as since the fix of CVE-2022-24769.
      capabilities: { bounding: granted, effective: granted, permitted: granted },
      noNewPrivileges: !allowPrivilegeEscalation,
      oomScoreAdj: pod.priorityClassName === 'system-node-critical' ? CRITICAL_OOM_SCORE : 1000,
    },
    root: { path: options.rootfs, readonly: readOnlyRootFilesystem },
    mounts: mountsFrom(pod, container, options),
    linux: {
      namespaces: namespacesOf(pod),
      cgroupsPath: options.cgroupsPath,
      resources: resourcesOf(container),
      maskedPaths: MASKED,
      readonlyPaths: READ_ONLY,
      ...seccompOf(context.seccompProfile?.type, options.defaultSeccomp),
    },
  };
}

function namespacesOf(pod: PodSpec): readonly { readonly type: string }[] {
  const own = [
    ...(pod.hostNetwork === true ? [] : ['network', 'uts']),
    ...(pod.hostPID === true ? [] : ['pid']),
    ...(pod.hostIPC === true ? [] : ['ipc']),
  ];
  return ['mount', 'cgroup', ...own].map((type) => ({ type }));
}

function environmentOf(container: Container, { image, nodeName, env = {} }: BundleOptions): readonly string[] {
  const own = (container.env ?? []).map(({ name, value, valueFrom }) => {
    const path = valueFrom?.fieldRef?.fieldPath;
    const known: Readonly<Record<string, string>> = {
      'spec.nodeName': nodeName,
      'status.hostIP': '127.0.0.1',
      'metadata.namespace': 'nodeprep-system',
    };
    if (valueFrom !== undefined && known[path ?? ''] === undefined)
      throw new Error(`The value of "${name}" is not translated`);
    return [name, path === undefined ? (value ?? '') : known[path]];
  });
  const merged: Readonly<Record<string, string | undefined>> = { ...image.env, ...env, ...Object.fromEntries(own) };
  return Object.entries(merged).map(([name, value]) => `${name}=${value}`);
}

/** No device but those that every container has: `/dev/null` and the like. Swap devices are not among them. */
function resourcesOf({ resources }: Container): unknown {
  const allowed = [
    { type: 'c', major: 1, minor: 3 },
    { type: 'c', major: 1, minor: 5 },
    { type: 'c', major: 1, minor: 7 },
    { type: 'c', major: 1, minor: 8 },
    { type: 'c', major: 1, minor: 9 },
    { type: 'c', major: 5, minor: 0 },
    { type: 'c', major: 5, minor: 2 },
    { type: 'c', major: 136 },
  ];
  const memory = resources?.limits?.['memory'];
  return {
    devices: [{ allow: false, access: 'rwm' }, ...allowed.map((device) => ({ allow: true, access: 'rwm', ...device }))],
    ...(memory === undefined ? {} : { memory: { limit: bytesFrom(memory) } }),
  };
}

/** A quantity as the manifest has it: "192Mi". */
function bytesFrom(quantity: string): number {
  const { count, unit } = /^(?<count>\d+)(?<unit>[KMG]i)$/.exec(quantity)?.groups ?? {};
  const powers: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30 };
  if (count === undefined || unit === undefined) throw new Error(`The quantity "${quantity}" is not translated`);
  return Number(count) * 2 ** (powers[unit] ?? 0);
}

function seccompOf(type: string | undefined, profile: unknown): { readonly seccomp?: unknown } {
  if (type === 'RuntimeDefault') return { seccomp: profile };
  if (type === 'Unconfined') return {};
  throw new Error(`The seccomp profile type "${type}" is not translated`);
}
