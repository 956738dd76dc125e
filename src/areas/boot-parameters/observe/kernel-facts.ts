/** What the running kernel shows of its command line and of what parameters are for. */
import type { HostReader } from '../../../host/host.ts';
import { observeCgroups } from '../../cgroups.ts';
import { wordsOf } from '../words.ts';

/** Where the kernel shows the line that it was started with. */
export const COMMAND_LINE = '/proc/cmdline';
/** The number of this boot. */
export const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** How many huge pages there are. */
export const HUGE_PAGES = '/proc/sys/vm/nr_hugepages';
/** Which weaknesses of the processor are covered. */
export const VULNERABILITIES = '/sys/devices/system/cpu/vulnerabilities';

/** What this boot has. */
export interface KernelFacts {
  readonly words: readonly string[];
  readonly bootId: string;
  readonly cgroup?: 'v1' | 'v2';
  readonly controllers: readonly string[];
  readonly hugePages?: number;
  /** Names of weaknesses that the kernel says it covers. */
  readonly covered: readonly string[];
}

/** Reads the running kernel; `undefined` where none runs. Throws `HostFileError`. */
export async function readKernelFacts(host: HostReader, wantsCovered: boolean): Promise<KernelFacts | undefined> {
  const line = host.kernel === 'absent' ? undefined : await host.readFile(COMMAND_LINE);
  if (line === undefined) return undefined;
  const cgroups = await observeCgroups(host);
  const pages = await host.readFile(HUGE_PAGES);
  return {
    words: wordsOf(line),
    bootId: (await host.readFile(BOOT_ID))?.trim() ?? '',
    ...(cgroups === undefined ? {} : { cgroup: cgroups.version }),
    controllers: cgroups?.controllers ?? [],
    ...(pages === undefined ? {} : { hugePages: Number(pages.trim()) }),
    covered: wantsCovered ? await coveredIn(host) : [],
  };
}

async function coveredIn(host: HostReader): Promise<readonly string[]> {
  const covered: string[] = [];
  for (const name of (await host.listDirectory(VULNERABILITIES)) ?? []) {
    const text = await host.readFile(`${VULNERABILITIES}/${name}`);
    if (text?.startsWith('Mitigation') === true) covered.push(name);
  }
  return covered;
}
