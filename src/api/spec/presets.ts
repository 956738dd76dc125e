/**
 * Built-in profiles: ordinary specs that `spec.profile` adds a document's entries to. An entry of
 * the document with the same name replaces the entry of the profile. Every entry has its reason
 * beside it, which `nodeprep profiles NAME` prints.
 */
import type { AreaName, NodePrepSpecSource } from './nodeprep.ts';

type Module = NonNullable<NodePrepSpecSource['modules']>[number];
type Sysctl = NonNullable<NodePrepSpecSource['sysctls']>[number];
type Swap = NonNullable<NodePrepSpecSource['swap']>;
type Cgroup = NonNullable<NodePrepSpecSource['cgroup']>;
type BootParameter = NonNullable<NodePrepSpecSource['bootParameters']>[number];

/** Something declared, and why a profile declares it. */
type Reasoned<T> = readonly [why: string, declared: T];

/** One entry of a profile as people read it. */
export interface ProfileEntry {
  /** Area that it belongs to. */
  readonly area: AreaName;
  readonly name: string;
  /** What is declared, in words: `loaded`, `1`, `AtLeast 8192`. */
  readonly declared: string;
  readonly why: string;
}

/** One built-in profile: what it is for, what it declares, and every entry with its reason. */
export interface Profile {
  readonly summary: string;
  readonly spec: NodePrepSpecSource;
  readonly entries: readonly ProfileEntry[];
}

/** The bridge and forwarding rows of the kubeadm preflight checks; without them no pod reaches a Service. */
const POD_NETWORK: readonly Reasoned<Sysctl>[] = [
  [
    "Traffic between pods of one node crosses a bridge, and kube-proxy's rules must see it.",
    { name: 'net.bridge.bridge-nf-call-iptables', value: 1 },
  ],
  ['The same as for iptables, for IPv6.', { name: 'net.bridge.bridge-nf-call-ip6tables', value: 1 }],
  ['The node is the router of its pods.', { name: 'net.ipv4.ip_forward', value: 1 }],
];

/**
 * Exactly the values that the kubelet writes at start, or insists on with `protectKernelDefaults`.
 * Optional: the kubelet sets them itself when it may.
 */
const KUBELET: readonly Reasoned<Sysctl>[] = [
  [
    'Memory limits of containers, not overcommit accounting, decide who gets memory.',
    { name: 'vm.overcommit_memory', value: 1, optional: true },
  ],
  [
    'The OOM killer ends one container; a panic would end the node.',
    { name: 'vm.panic_on_oom', value: 0, optional: true },
  ],
  [
    'After a kernel panic the node comes back after ten seconds instead of hanging.',
    { name: 'kernel.panic', value: 10, optional: true },
  ],
  ['A kernel that hit a bug is not trusted to run pods.', { name: 'kernel.panic_on_oops', value: 1, optional: true }],
  [
    'Every container has a keyring of its own, all owned by root.',
    { name: 'kernel.keys.root_maxkeys', value: 1_000_000, optional: true },
  ],
  [
    'The keyrings of all containers together need this many bytes.',
    { name: 'kernel.keys.root_maxbytes', value: 25_000_000, optional: true },
  ],
];

/** Limits that nodes full of pods reach first; never lowered where they are higher already. */
const LIMITS: readonly Reasoned<Sysctl>[] = [
  [
    '"too many open files" in kubelet, log collectors and kubectl logs -f: 128 by default.',
    { name: 'fs.inotify.max_user_instances', value: 8192, match: 'AtLeast', optional: true },
  ],
  [
    'Watched files of all pods of one user count together.',
    { name: 'fs.inotify.max_user_watches', value: 524_288, match: 'AtLeast', optional: true },
  ],
];

const MODULES: readonly Reasoned<Module>[] = [
  ['Container images are overlay mounts.', { name: 'overlay' }],
  ['Provides net.bridge.*; the kernel has those parameters only while it is loaded.', { name: 'br_netfilter' }],
];

const CGROUP: Reasoned<Cgroup & { readonly driver: string }> = [
  'The kubelet that kubeadm configures has the driver systemd; with a runtime on the other one pods escape their limits. With kubernetesVersion 1.35 or later the version is v2.',
  { driver: 'systemd', version: 'Any' },
];

const WORKER = profile('A node that joins with kubeadm.', {
  modules: MODULES,
  sysctls: [...POD_NETWORK, ...KUBELET, ...LIMITS],
  cgroup: CGROUP,
  swap: [
    'The kubelet refuses to start with swap on unless it is configured for it (failSwapOn).',
    { behavior: 'Disabled' },
  ],
});

/** Built-in profiles with their reasons, by name. */
export const PROFILES = {
  'kubeadm-worker': WORKER,
  'kubeadm-control-plane': {
    ...WORKER,
    summary:
      'A control plane node made with kubeadm. Same entries as kubeadm-worker: etcd and the API server need nothing else of the host.',
  },
  'raspberry-pi': profile('A Raspberry Pi that joins with kubeadm.', {
    modules: [
      ...MODULES,
      [
        'Flannel and most overlay networks need it, and Ubuntu for the Pi ships it in an extra package.',
        { name: 'vxlan', optional: true },
      ],
    ],
    sysctls: [...POD_NETWORK, ...KUBELET, ...LIMITS],
    cgroup: CGROUP,
    bootParameters: [
      [
        'Boards start with the memory controller disabled, and the kubelet needs it. Where it is enabled anyway, nothing is written.',
        { name: 'cgroup_enable', value: 'memory' },
      ],
      [
        'The same word the other way around; the firmware adds it on its own, which the word above overrides.',
        { name: 'cgroup_disable', value: 'memory', state: 'Absent' },
      ],
    ],
    swap: [
      'As for kubeadm-worker; 128Mi of reserve is much on a board with 1 GB, and its zram swap is small.',
      { behavior: 'Disabled', reserve: '64Mi' },
    ],
  }),
} as const satisfies Readonly<Record<string, Profile>>;
export type PresetName = keyof typeof PROFILES;

/** Names of the built-in profiles, as help and errors list them. */
export const PRESET_NAMES = Object.keys(PROFILES) as readonly PresetName[];

/** Specs of the built-in profiles, by name. */
export const presets = Object.fromEntries(PRESET_NAMES.map((name) => [name, PROFILES[name].spec])) as Readonly<
  Record<PresetName, NodePrepSpecSource>
>;

/** From this minor version of Kubernetes on the kubelet does not start on cgroup v1 unless it is told to (failCgroupV1). */
const CGROUP_V2_FROM = 35;

/** What a document with that profile starts from, for the version of Kubernetes that it names; nothing without a built-in profile. */
export function presetFor(name: string | undefined, kubernetesVersion: string | undefined): NodePrepSpecSource {
  if (name === undefined || !isPresetName(name)) return {};
  const spec = presets[name];
  const minor = Number(/^v?1\.(\d+)/.exec(kubernetesVersion ?? '')?.[1] ?? 0);
  return minor < CGROUP_V2_FROM ? spec : { ...spec, cgroup: { ...spec.cgroup, version: 'v2' } };
}

/** Whether there is a built-in profile of that name. */
export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(PROFILES, name);
}

function profile(
  summary: string,
  declared: {
    readonly modules: readonly Reasoned<Module>[];
    readonly sysctls: readonly Reasoned<Sysctl>[];
    readonly cgroup: typeof CGROUP;
    readonly bootParameters?: readonly Reasoned<BootParameter>[];
    readonly swap: Reasoned<Swap>;
  },
): Profile {
  const { modules, sysctls, cgroup, swap, bootParameters = [] } = declared;
  return {
    summary,
    spec: {
      modules: modules.map(([, entry]) => entry),
      sysctls: sysctls.map(([, entry]) => entry),
      cgroup: cgroup[1],
      swap: swap[1],
      ...(bootParameters.length === 0 ? {} : { bootParameters: bootParameters.map(([, entry]) => entry) }),
    },
    entries: [
      ...modules.map(([why, { name }]): ProfileEntry => ({ area: 'modules', name, declared: 'loaded', why })),
      ...sysctls.map(([why, { name, value, match }]): ProfileEntry => {
        return { area: 'sysctls', name, declared: match === undefined ? String(value) : `${match} ${value}`, why };
      }),
      { area: 'cgroup', name: 'cgroup', declared: `driver ${cgroup[1].driver}`, why: cgroup[0] },
      { area: 'swap', name: 'swap', declared: swap[1].behavior, why: swap[0] },
      ...bootParameters.map(([why, { name, value, state = 'Present' }]): ProfileEntry => {
        return { area: 'bootParameters', name: `${name}=${value}`, declared: state, why };
      }),
    ],
  };
}
