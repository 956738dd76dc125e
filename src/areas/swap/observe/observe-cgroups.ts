/**
 * Which control groups have memory in swap and could not take it back. A page goes back into the
 * group that it was taken from, and a group at its own limit kills its processes however much memory
 * the machine has. Read only while swap is in use and has to go.
 */
import { observeCgroups } from '../../cgroups.ts';
import type { HostReader } from '../../../host/host.ts';

/** A control group with memory in swap. */
export interface CgroupSwap {
  /** Below the root of the hierarchy: `system.slice/postgres.service`. */
  readonly path: string;
  readonly swapBytes: number;
  /** Memory in use that cannot simply be dropped: without inactive file cache, as the kubelet counts. */
  readonly workingBytes: number;
  /** Its own limit; absent when it has none. */
  readonly limitBytes?: number;
  /** The file of the limit, as an administrator knows it. */
  readonly limitName: 'memory.max' | 'memory.limit_in_bytes';
}

const V2 = '/sys/fs/cgroup';
const V1 = '/sys/fs/cgroup/memory';
/** Deeper than any container runtime nests. */
const DEEPEST = 32;
/** cgroup v1 shows "no limit" as the largest multiple of a page below 2^63. */
const NO_LIMIT = 2 ** 62;

/** All groups with memory in swap, parents before children; empty where nothing accounts for swap. */
export async function observeCgroupSwap(host: HostReader): Promise<readonly CgroupSwap[]> {
  const isV2 = (await observeCgroups(host))?.version === 'v2';
  const root = isV2 ? V2 : V1;
  const found: CgroupSwap[] = [];
  const pending = [{ path: '', depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { path, depth } = next;
    const group = path === '' ? undefined : await (isV2 ? groupOfV2 : groupOfV1)(host, root, path);
    if (group !== undefined && group.swapBytes > 0) found.push(group);
    // Usage is that of the whole subtree, so below a group without swap there is none.
    const isOver = path !== '' && (group === undefined || (group.swapBytes === 0 && group.isHierarchical));
    if (isOver || depth === DEEPEST) continue;
    for (const name of (await childrenOf(host, `${root}${path === '' ? '' : `/${path}`}`)).toReversed()) {
      pending.push({ path: path === '' ? name : `${path}/${name}`, depth: depth + 1 });
    }
  }
  return found;
}

/** A directory of cgroupfs holds files of the kernel, all with a dot, besides its groups. */
async function childrenOf(host: HostReader, directory: string): Promise<readonly string[]> {
  const names = (await orNothing(host.listDirectory(directory))) ?? [];
  const children: string[] = [];
  for (const name of names) {
    if (/^(?:cgroup|memory|cpu|cpuset|io|pids|hugetlb|rdma|misc|dmem|irq)\./.test(name)) continue;
    if ((await orNothing(host.stat(`${directory}/${name}`)))?.type === 'directory') children.push(name);
  }
  return children;
}

type Group = CgroupSwap & { readonly isHierarchical: boolean };

async function groupOfV2(host: HostReader, root: string, path: string): Promise<Group | undefined> {
  const read = (file: string) => orNothing(host.readFile(`${root}/${path}/${file}`));
  const swapBytes = bytesFrom(await read('memory.swap.current'));
  if (swapBytes === undefined) return undefined;
  if (swapBytes === 0) return { path, swapBytes, workingBytes: 0, limitName: 'memory.max', isHierarchical: true };
  const usage = bytesFrom(await read('memory.current')) ?? 0;
  return {
    path,
    swapBytes,
    workingBytes: usage - droppable(await read('memory.stat'), 'inactive_file', usage),
    ...limitFrom(await read('memory.max')),
    limitName: 'memory.max',
    isHierarchical: true,
  };
}

async function groupOfV1(host: HostReader, root: string, path: string): Promise<Group | undefined> {
  const read = (file: string) => orNothing(host.readFile(`${root}/${path}/${file}`));
  const [usage, both] = [
    bytesFrom(await read('memory.usage_in_bytes')),
    // Absent without the kernel parameter swapaccount=1: then the kernel does not count swap by group.
    bytesFrom(await read('memory.memsw.usage_in_bytes')),
  ];
  if (usage === undefined || both === undefined) return undefined;
  return {
    path,
    swapBytes: Math.max(both - usage, 0),
    workingBytes: usage - droppable(await read('memory.stat'), 'total_inactive_file', usage),
    ...limitFrom(await read('memory.limit_in_bytes')),
    limitName: 'memory.limit_in_bytes',
    isHierarchical: (await read('memory.use_hierarchy'))?.trim() !== '0',
  };
}

function droppable(stat: string | undefined, field: string, usage: number): number {
  const match = new RegExp(`^${field} (\\d+)$`, 'm').exec(stat ?? '');
  return Math.min(Number(match?.[1] ?? 0), usage);
}

function limitFrom(text: string | undefined): { readonly limitBytes?: number } {
  const limitBytes = bytesFrom(text);
  return limitBytes === undefined || limitBytes >= NO_LIMIT ? {} : { limitBytes };
}

/** `undefined` for `max`, and for what is not there. */
function bytesFrom(text: string | undefined): number | undefined {
  const match = /^(\d+)\s*$/.exec(text ?? '');
  return match === null ? undefined : Number(match[1]);
}

/** A group that ends while it is read answers ENODEV: it has nothing in swap any more. */
function orNothing<T>(looked: Promise<T | undefined>): Promise<T | undefined> {
  return looked.catch(() => undefined);
}
