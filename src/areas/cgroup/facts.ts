/** What tables show: version of the hierarchy, and container runtime. */
import type { NodeFacts } from '../../api/status/status.ts';
import { HostFileError } from '../../host/errors.ts';
import type { HostReader } from '../../host/host.ts';
import { observeCgroups } from '../cgroups.ts';
import { readKubelet } from '../kubelet.ts';
import { parseKubeletCgroup } from './observe/kubelet-driver.ts';
import { observeRuntimes, RUNTIME_NAMES, usedOf } from './observe/runtimes.ts';

/** Costs no question of its own while the area is managed: the answers of the runtime are kept. */
export async function factsOf(host: HostReader): Promise<NodeFacts> {
  const cgroups = await known(() => observeCgroups(host));
  const runtime = await known(() => runtimeOf(host, cgroups?.version === 'v2'));
  return {
    ...(cgroups === undefined ? {} : { cgroup: cgroups.version }),
    ...(runtime === undefined ? {} : { runtime }),
  };
}

async function runtimeOf(host: HostReader, hasCgroupV2: boolean): Promise<string | undefined> {
  const runtimes = await observeRuntimes(host, RUNTIME_NAMES, hasCgroupV2, new AbortController().signal);
  const used = usedOf(runtimes, parseKubeletCgroup(await readKubelet(host)));
  const version = used?.version;
  return version === undefined ? used?.name : `${used?.name} ${version}`;
}

/** What cannot be read leaves out its own fact only. */
async function known<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof HostFileError) return undefined;
    throw error;
  }
}
