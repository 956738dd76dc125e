/** Parameters that take memory away from programs, compared with what the machine has. Pure. */
import type { SysctlEntry } from '../../../api/parts/sysctl-entry.ts';
import { parseNumber } from './parse.ts';

/** What /proc/meminfo says of the machine; empty where there is none. */
export interface MemorySize {
  readonly totalKib?: number;
  readonly hugePageKib?: number;
}

/** Reads the sizes that do not change while the machine runs. */
export function parseMemorySize(text: string): MemorySize {
  const kib = (name: string) => new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
  const [total, huge] = [kib('MemTotal'), kib('Hugepagesize')];
  return {
    ...(total === undefined ? {} : { totalKib: Number(total) }),
    ...(huge === undefined ? {} : { hugePageKib: Number(huge) }),
  };
}

/** The parts of memory that may be kept from programs: what is left must run the node. */
const MOST_FREE = 0.25;
const MOST_HUGE = 0.9;

/** Why the value would leave programs without memory; `undefined` when it would not. */
export function memoryProblem({ name, value, match }: SysctlEntry, memory: MemorySize): string | undefined {
  const number = Number(parseNumber(value) ?? 0n);
  if (memory.totalKib === undefined || match === 'AtMost') return undefined;
  if (name === 'vm.min_free_kbytes' || name === 'vm.admin_reserve_kbytes' || name === 'vm.user_reserve_kbytes') {
    const most = Math.floor(memory.totalKib * MOST_FREE);
    if (number <= most) return undefined;
    return `${number} KiB of the ${memory.totalKib} KiB of memory would be kept free, so that the kernel kills programs; at most ${most} may be`;
  }
  if (!/^vm\.nr_hugepages(?:_mempolicy)?$/.test(name) || memory.hugePageKib === undefined) return undefined;
  const most = Math.floor((memory.totalKib * MOST_HUGE) / memory.hugePageKib);
  if (number <= most) return undefined;
  return `${number} huge pages of ${memory.hugePageKib} KiB are more than the ${memory.totalKib} KiB of memory can give and leave the node running; at most ${most} are`;
}
