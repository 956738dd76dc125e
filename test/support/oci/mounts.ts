import type { BundleOptions } from './bundle.ts';
import type { Container, PodSpec } from './pod.ts';

interface Mount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

const QUIET = ['nosuid', 'noexec', 'nodev'];
const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The mounts of a container, in the order in which the runtime makes them. */
export function mountsFrom(pod: PodSpec, container: Container, options: BundleOptions): readonly Mount[] {
  const propagation: Readonly<Record<string, string>> = { HostToContainer: 'rslave', Bidirectional: 'rshared' };
  const volumes = (container.volumeMounts ?? []).map(({ name, mountPath, readOnly, mountPropagation = '' }) => {
    const volume = (pod.volumes ?? []).find((one) => one.name === name);
    const source = volume?.hostPath?.path ?? options.volumes[name];
    if (source === undefined) throw new Error(`Nothing stands for the volume "${name}"`);
    return bind(source, mountPath, [propagation[mountPropagation] ?? 'rprivate', readOnly === true ? 'ro' : 'rw']);
  });
  const token = options.serviceAccount;
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: QUIET },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...QUIET, 'ro'] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...QUIET, 'relatime', 'ro'] },
    ...sharedMemory(pod),
    ...volumes,
    ...(token === undefined ? [] : [bind(token, TOKEN, ['rprivate', 'ro'])]),
  ];
}

function sharedMemory({ hostIPC }: PodSpec): readonly Mount[] {
  if (hostIPC === true) return [bind('/dev/shm', '/dev/shm', ['rw']), bind('/dev/mqueue', '/dev/mqueue', ['rw'])];
  return [{ destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...QUIET, 'mode=1777', 'size=65536k'] }];
}

function bind(source: string, destination: string, options: readonly string[]): Mount {
  return { destination, type: 'bind', source, options: ['rbind', ...options] };
}
