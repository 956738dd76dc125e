/** What decides about control groups on a host. */
import { dirname } from 'node:path';
import { CGROUP_CONTROLLERS } from '../cgroups.ts';
import { KUBELET_CONFIG, KUBELET_FLAGS, KUBELET_UNIT, USUAL_DROP_INS } from '../kubelet.ts';
import type { AreaReads } from '../surroundings.ts';

/** Files and folders that say who drives control groups. */
export const CGROUP_FILES = [
  '/etc/containerd/config.toml',
  '/etc/containerd/conf.d',
  '/etc/crio/crio.conf',
  '/etc/crio/crio.conf.d',
  '/etc/docker/daemon.json',
  KUBELET_CONFIG,
  USUAL_DROP_INS,
  ...KUBELET_FLAGS,
] as const;

/** How they are started, which may name other files. */
const UNITS = ['containerd.service', 'crio.service', 'docker.service', KUBELET_UNIT] as const;

/** Folders in which a driver is written. */
export const CGROUP_FOLDERS = [
  '/etc/containerd',
  '/etc/containerd/conf.d',
  '/etc/crio/crio.conf.d',
  '/etc/docker',
  dirname(KUBELET_CONFIG),
  USUAL_DROP_INS,
] as const;

/** What the area reads. */
export const CGROUP_READS: AreaReads = {
  files: [
    ...CGROUP_FILES,
    ...UNITS.flatMap((unit) => [`/usr/lib/systemd/system/${unit}*`, `/etc/systemd/system/${unit}*`]),
  ],
  programs: ['/usr/bin/containerd', '/usr/local/bin/containerd', '/usr/bin/crio', '/usr/bin/dockerd'],
  live: [CGROUP_CONTROLLERS, '/proc/cgroups'],
};
