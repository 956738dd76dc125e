/** How long drift lasts in the machine under what stays there and looks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Drift, repair } from '../../test/e2e/harness/drift.ts';
import type { Machine } from '../../test/e2e/harness/machine.ts';
import { median } from './figures.ts';
import { progress } from './progress.ts';

/** Times until repair in milliseconds by kind of drift; what was not repaired within a minute counts as infinite. */
export type Repairs = ReadonlyMap<string, readonly number[]>;

const bridge = '/proc/sys/net/bridge/bridge-nf-call-iptables';
const written = (path: string, value: number, wrong: number): Drift => ({
  name: path,
  cause: `echo ${wrong} >/proc/sys/${path}`,
  repaired: `is ${value} /proc/sys/${path}`,
});

/** Each thing is changed once: what flips again and again is held off on purpose. */
const DRIFTS: ReadonlyMap<string, readonly Drift[]> = new Map([
  [
    'a sysctl changed',
    [
      { name: 'sysctl -w', cause: 'sysctl -qw net.ipv4.ip_forward=0', repaired: 'is 1 /proc/sys/net/ipv4/ip_forward' },
      written('kernel/panic', 10, 0),
      written('vm/overcommit_memory', 1, 0),
      written('kernel/panic_on_oops', 1, 0),
      written('net/bridge/bridge-nf-call-ip6tables', 1, 0),
    ],
  ],
  [
    'a module unloaded, and its sysctls with it',
    [
      { name: 'br_netfilter', cause: 'modprobe -r br_netfilter', repaired: `[ -r ${bridge} ] && is 1 ${bridge}` },
      { name: 'overlay', cause: 'modprobe -r overlay', repaired: '[ -d /sys/module/overlay ]' },
    ],
  ],
  [
    'swap turned on',
    [
      { name: 'a partition', cause: 'swapon /dev/vda2', repaired: 'noswap' },
      {
        name: 'a file',
        cause: 'dd if=/dev/zero of=/s bs=1M count=8 status=none; chmod 600 /s; mkswap -q /s; swapon /s',
        repaired: 'noswap',
      },
    ],
  ],
]);

/** Causes every drift; `files` are those of the one that repairs, which are deleted. */
export async function measureRepairs(machine: Machine, by: string, files: readonly string[]): Promise<Repairs> {
  const deletions = files.map((path) => ({ name: path, cause: `rm ${path}`, repaired: `same ${path}` }));
  const repairs = new Map<string, readonly number[]>();
  for (const [kind, drifts] of [...DRIFTS, ['its file deleted', deletions] as const]) {
    const ms: number[] = [];
    for (const drift of drifts) {
      await sleep(1000);
      ms.push(await repairMs(machine, drift));
    }
    repairs.set(kind, ms);
    progress(`${by}: ${kind}: ${ms.map((one) => one.toFixed(0)).join(', ')} ms until repair`);
  }
  // Who brings swap back as it was must not find this one.
  await machine.run('! grep -q "^/s " /proc/swaps || swapoff /s; rm -f /s');
  return repairs;
}

async function repairMs(machine: Machine, drift: Drift): Promise<number> {
  try {
    return (await repair(machine, drift)).repairMs;
  } catch (error) {
    if (error instanceof Error && error.message.includes('not repaired')) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

/** The table: who stays is measured, who runs now and then is described. */
export function renderRepairs(nodeprep: Repairs, mgmt: Repairs | undefined): string {
  const cell = (ms: readonly number[] = []) => {
    const missed = ms.filter((one) => !Number.isFinite(one)).length;
    if (missed > 0) return `${missed} of ${ms.length} not within a minute`;
    return `${median(ms).toFixed(0)} ms (slowest of ${ms.length}: ${Math.max(...ms).toFixed(0)} ms)`;
  };
  return [
    '| drift | NodePrep | mgmt | CFEngine | Ansible | shell of the guides |',
    '|---|---|---|---|---|---|',
    ...[...nodeprep].map(([kind, ms]) => {
      const byMgmt = mgmt === undefined ? 'not installed' : cell(mgmt.get(kind));
      return `| ${kind} | ${cell(ms)} | ${byMgmt} | at its next run, by default within 5 minutes | when it is run | never |`;
    }),
  ].join('\n');
}
