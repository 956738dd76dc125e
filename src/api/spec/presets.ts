/**
 * Built-in profiles: ordinary specs that `spec.profile` adds a document's entries to. An entry of
 * the document with the same name replaces the entry of the profile.
 */
import type { NodePrepSpecSource } from './nodeprep.ts';

type Sysctls = NonNullable<NodePrepSpecSource['sysctls']>;

/** The bridge and forwarding rows of the kubeadm preflight checks; without them no pod reaches a Service. */
const POD_NETWORK: Sysctls = [
  // Traffic between pods of one node crosses a bridge, and kube-proxy's rules must see it.
  { name: 'net.bridge.bridge-nf-call-iptables', value: 1 },
  { name: 'net.bridge.bridge-nf-call-ip6tables', value: 1 },
  // The node is the router of its pods.
  { name: 'net.ipv4.ip_forward', value: 1 },
];

/**
 * Exactly the values that the kubelet writes at start, or insists on with `protectKernelDefaults`.
 * Not required: the kubelet sets them itself when it may.
 */
const KUBELET: Sysctls = [
  // Memory limits of containers, not overcommit accounting, decide who gets memory.
  { name: 'vm.overcommit_memory', value: 1, required: false },
  // The OOM killer ends one container; a panic would end the node.
  { name: 'vm.panic_on_oom', value: 0, required: false },
  // After a kernel panic the node comes back after ten seconds instead of hanging.
  { name: 'kernel.panic', value: 10, required: false },
  // A kernel that hit a bug is not trusted to run pods.
  { name: 'kernel.panic_on_oops', value: 1, required: false },
  // Every container has a keyring of its own, all owned by root.
  { name: 'kernel.keys.root_maxkeys', value: 1_000_000, required: false },
  { name: 'kernel.keys.root_maxbytes', value: 25_000_000, required: false },
];

/** Limits that nodes full of pods reach first; never lowered when somebody has raised them. */
const LIMITS: Sysctls = [
  // "too many open files" in kubelet, log collectors and kubectl logs -f: 128 by default.
  { name: 'fs.inotify.max_user_instances', value: 8192, match: 'AtLeast', required: false },
  { name: 'fs.inotify.max_user_watches', value: 524_288, match: 'AtLeast', required: false },
];

const WORKER: NodePrepSpecSource = {
  modules: [
    // Container images are overlay mounts.
    { name: 'overlay' },
    // Provides net.bridge.*; the kernel has those parameters only while it is loaded.
    { name: 'br_netfilter' },
  ],
  sysctls: [...POD_NETWORK, ...KUBELET, ...LIMITS],
  // The kubelet refuses to start with swap on unless it is configured for it (failSwapOn).
  swap: { behavior: 'Disabled' },
};

/** Built-in profiles by name. */
export const presets = {
  'kubeadm-worker': WORKER,
  // etcd and the API server ask nothing more of modules, sysctls and swap than a worker does.
  'kubeadm-control-plane': WORKER,
  'raspberry-pi': {
    ...WORKER,
    modules: [
      ...(WORKER.modules ?? []),
      // Flannel and most overlay networks need it, and Ubuntu for the Pi ships it in an extra package.
      { name: 'vxlan', required: false },
    ],
    // 128Mi is much on a board with 1 GB, and its zram swap is small.
    swap: { behavior: 'Disabled', reserve: '64Mi' },
  },
} as const satisfies Readonly<Record<string, NodePrepSpecSource>>;
export type PresetName = keyof typeof presets;

/** Names of the built-in profiles, as help and errors list them. */
export const PRESET_NAMES = Object.keys(presets) as readonly PresetName[];

/** Whether there is a built-in profile of that name. */
export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(presets, name);
}
