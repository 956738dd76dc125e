/** Where the processes of pods really are: the effect of both drivers, seen without asking a program. */
import type { HostReader } from '../host/host.ts';

/** Which trees hold processes of pods. */
export interface PodGroups {
  /** `/kubepods.slice`, which systemd makes. */
  readonly systemd: boolean;
  /** `/kubepods`, which the kubelet makes. An empty one stays until the next reboot and says nothing. */
  readonly cgroupfs: boolean;
  /** Containers outside of both: the kubelet has one driver, the runtime the other, and limits of pods do not hold. */
  readonly strays: number;
}

/** Names of the trees with pods, of which there should be one. */
export function treesOf({ systemd, cgroupfs }: PodGroups): readonly string[] {
  return [...(systemd ? ['kubepods.slice'] : []), ...(cgroupfs ? ['kubepods'] : [])];
}

/** Whether any pod runs, wherever it is. */
export function runsPods({ systemd, cgroupfs, strays }: PodGroups): boolean {
  return systemd || cgroupfs || strays > 0;
}

/** On v1 any of these may be switched off. */
const HIERARCHIES = ['', '/memory', '/pids', '/systemd'];

/** Looks at the unified hierarchy, or at those of v1. Throws `HostFileError`. */
export async function observePodGroups(host: HostReader, version: 'v1' | 'v2' | undefined): Promise<PodGroups> {
  let found: PodGroups = { systemd: false, cgroupfs: false, strays: 0 };
  for (const hierarchy of version === 'v2' ? [''] : HIERARCHIES) {
    const root = `/sys/fs/cgroup${hierarchy}`;
    const names = (await host.listDirectory(`${root}/system.slice`)) ?? [];
    // runc takes "slice:prefix:name" for the name of a folder when it does not use systemd.
    const strays = names.filter((name) => /^kubepods[^:]*:[^:]+:/.test(name)).length;
    found = {
      systemd: found.systemd || (await isPopulated(host, `${root}/kubepods.slice`)),
      cgroupfs: found.cgroupfs || (await isPopulated(host, `${root}/kubepods`)),
      strays: Math.max(found.strays, strays),
    };
  }
  return found;
}

/** v1 has no cgroup.events; there the folder of a pod goes with the pod. */
async function isPopulated(host: HostReader, group: string): Promise<boolean> {
  const events = await host.readFile(`${group}/cgroup.events`);
  if (events !== undefined) return /^populated 1$/m.test(events);
  for (const name of (await host.listDirectory(group)) ?? []) {
    if (/^(kubepods-)?pod/.test(name)) return true;
    if (!/^(kubepods-)?(burstable|besteffort)(\.slice)?$/.test(name)) continue;
    const pods = (await host.listDirectory(`${group}/${name}`)) ?? [];
    if (pods.some((pod) => /(^|-)pod/.test(pod))) return true;
  }
  return false;
}

/** Where the processes of one pod are. */
export type PodPlace = 'systemd' | 'cgroupfs' | 'stray';

/** A container has a folder with the 64 digits of its name. */
const CONTAINER = /[0-9a-f]{64}/;

/** Finds a pod by its UID; `undefined` when no process of it is seen. Throws `HostFileError`. */
export async function placeOfPod(host: HostReader, uid: string): Promise<PodPlace | undefined> {
  if (!/^[0-9A-Za-z-]{1,64}$/.test(uid)) return undefined;
  const unit = `pod${uid.replaceAll('-', '_')}.slice`;
  for (const hierarchy of HIERARCHIES) {
    const root = `/sys/fs/cgroup${hierarchy}`;
    const strays = (await host.listDirectory(`${root}/system.slice`)) ?? [];
    if (strays.some((name) => name.startsWith('kubepods') && name.includes(`${unit}:`))) return 'stray';
    for (const qos of ['', 'burstable', 'besteffort']) {
      const slice = qos === '' ? 'kubepods' : `kubepods-${qos}`;
      const folder = `kubepods.slice/${qos === '' ? '' : `${slice}.slice/`}${slice}-${unit}`;
      if (await hasContainer(host, `${root}/${folder}`)) return 'systemd';
      if (await hasContainer(host, `${root}/kubepods/${qos === '' ? '' : `${qos}/`}pod${uid}`)) return 'cgroupfs';
    }
  }
  return undefined;
}

async function hasContainer(host: HostReader, folder: string): Promise<boolean> {
  return ((await host.listDirectory(folder)) ?? []).some((name) => CONTAINER.test(name));
}
