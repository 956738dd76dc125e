/** The control groups of a kernel, as kubelet and runtimes need to know them. */
import type { HostReader } from '../host/host.ts';
import { hasAny } from './has-any.ts';

/** Only the unified hierarchy has this file at its root; on a hybrid one it is in a folder below. */
export const CGROUP_CONTROLLERS = '/sys/fs/cgroup/cgroup.controllers';

/** Which hierarchy is mounted, and what it can do. */
export interface Cgroups {
  readonly version: 'v1' | 'v2';
  /** cgroup v2 is mounted beside v1, without controllers: systemd tracks its units with it. Kubernetes sees v1. */
  readonly isHybrid: boolean;
  /** Enabled controllers, sorted. */
  readonly controllers: readonly string[];
}

/** The hierarchy of a host; `undefined` when none is mounted, as on a host that does not run. Throws `HostFileError`. */
export async function observeCgroups(host: HostReader): Promise<Cgroups | undefined> {
  const text = await host.readFile(CGROUP_CONTROLLERS);
  if (text !== undefined) return { version: 'v2', isHybrid: false, controllers: wordsOf(text) };
  const isHybrid = (await host.stat('/sys/fs/cgroup/unified/cgroup.controllers')) !== undefined;
  if (!isHybrid && !(await hasAny(host, ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/systemd']))) return undefined;
  return { version: 'v1', isHybrid, controllers: enabledIn((await host.readFile('/proc/cgroups')) ?? '') };
}

/** `#subsys_name hierarchy num_cgroups enabled`; for v1 only: since Linux 6.12 memory is not listed on v2. */
function enabledIn(text: string): readonly string[] {
  return [...text.matchAll(/^([a-z][a-z0-9_]*)\s+\d+\s+\d+\s+1\s*$/gm)].map(([, name = '']) => name).toSorted();
}

function wordsOf(text: string): readonly string[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .toSorted();
}
