/** The control groups of a host, as the kubelet needs to know them. */
import type { HostReader } from '../host/host.ts';

/** Only the unified hierarchy has this file at its root; on a hybrid one it is in a folder below. */
export const CGROUP_CONTROLLERS = '/sys/fs/cgroup/cgroup.controllers';

/** Which hierarchy is mounted, and the controllers of the unified one. */
export interface Cgroups {
  readonly version: 'v1' | 'v2';
  /** Empty on v1. /proc/cgroups no longer lists memory on cgroup v2 since Linux 6.12. */
  readonly controllers: readonly string[];
}

/** The hierarchy of a host; `undefined` when none is mounted, as on a host that does not run. Throws `HostFileError`. */
export async function observeCgroups(host: HostReader): Promise<Cgroups | undefined> {
  const text = await host.readFile(CGROUP_CONTROLLERS);
  if (text !== undefined) return { version: 'v2', controllers: text.split(/\s+/).filter((one) => one !== '') };
  return (await host.stat('/sys/fs/cgroup/cpu')) === undefined ? undefined : { version: 'v1', controllers: [] };
}
