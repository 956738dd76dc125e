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

const RUNTIMES = ['containerd.service', 'crio.service', 'docker.service'];
const QOS = ['burstable', 'besteffort'];
/** On v1 any of these may be switched off. */
const HIERARCHIES = ['', '/memory', '/pids', '/systemd'];

/**
 * Where a runtime without systemd puts what the kubelet names for systemd: below the group of its own process, whose
 * unit has none in many hierarchies of v1.
 */
const BESIDE = ['', '/system.slice', ...RUNTIMES.map((unit) => `/system.slice/${unit}`)];

/** Looks at the unified hierarchy, or at those of v1. Throws `HostFileError`. */
export async function observePodGroups(host: HostReader, version: 'v1' | 'v2' | undefined): Promise<PodGroups> {
  let found: PodGroups = { systemd: false, cgroupfs: false, strays: 0 };
  for (const hierarchy of version === 'v2' ? [''] : HIERARCHIES) {
    const root = `/sys/fs/cgroup${hierarchy}`;
    const strays = (await straysIn(host, root)).length;
    found = {
      systemd: found.systemd || (await isPopulated(host, `${root}/kubepods.slice`)),
      cgroupfs: found.cgroupfs || (await isPopulated(host, `${root}/kubepods`)),
      strays: Math.max(found.strays, strays),
    };
  }
  return found;
}

/** Names of the groups of containers outside of both trees: runc takes "slice:prefix:name" for the name of a folder. */
async function straysIn(host: HostReader, root: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const place of BESIDE) {
    const names = (await host.listDirectory(`${root}${place}`)) ?? [];
    found.push(...names.filter((name) => /^kubepods[^:]*:[^:]+:/.test(name)));
  }
  return found;
}

/** v1 has no cgroup.events; there each container has a folder, which goes with it, and an empty pod may stay. */
async function isPopulated(host: HostReader, group: string): Promise<boolean> {
  const events = await host.readFile(`${group}/cgroup.events`);
  if (events !== undefined) return /^populated 1$/m.test(events);
  const qos = ['', ...QOS.flatMap((name) => [`/${name}`, `/kubepods-${name}.slice`])];
  for (const folder of qos.map((name) => `${group}${name}`)) {
    for (const name of (await host.listDirectory(folder)) ?? []) {
      if (/(^|-)pod/.test(name) && (await hasContainer(host, `${folder}/${name}`))) return true;
    }
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
    if ((await straysIn(host, root)).some((name) => name.includes(`${unit}:`))) return 'stray';
    for (const qos of ['', ...QOS]) {
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
