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
