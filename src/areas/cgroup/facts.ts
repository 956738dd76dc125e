/** What tables show: the container runtime. */
import type { NodeFacts } from '../../api/status/status.ts';
import { HostFileError } from '../../host/errors.ts';
import type { HostReader } from '../../host/host.ts';
import { observeCgroups } from '../cgroups.ts';
import { readKubelet } from '../kubelet.ts';
import { parseKubeletCgroup } from './observe/kubelet-driver.ts';
import { observeRuntimes, RUNTIME_NAMES, usedOf } from './observe/runtimes.ts';

/** Costs no question of its own while the area is managed: the answers of the runtime are kept. */
export async function factsOf(host: HostReader): Promise<NodeFacts> {
  try {
    const cgroups = await observeCgroups(host);
    const hasCgroupV2 = cgroups?.version === 'v2';
    const runtimes = await observeRuntimes(host, RUNTIME_NAMES, hasCgroupV2, new AbortController().signal);
    const used = usedOf(runtimes, parseKubeletCgroup(await readKubelet(host)));
    if (used === undefined) return {};
    const { name, answer } = used;
    return { runtime: answer?.version === undefined ? name : `${name} ${answer.version}` };
  } catch (error) {
    if (error instanceof HostFileError) return {};
    throw error;
  }
}
