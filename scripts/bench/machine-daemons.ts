/** What stays in memory for what each tool promises, and how long drift lasts under it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Drift, MODULES_FILE, repair, SYSCTL_FILE } from '../../test/e2e/harness/drift.ts';
import { DAEMON_READY } from '../../test/e2e/harness/in-machine.ts';
import type { Machine } from '../../test/e2e/harness/machine.ts';
import { type Figure, median } from './figures.ts';
import { NODEPREP } from './machine-costs.ts';
import type { BenchHost } from './machine-host.ts';
import { progress } from './progress.ts';
import { toolsFor } from './tools.ts';
import type { Work } from './work.ts';

const READY_MS = 300_000;
/** Until a process has given back what it needed for its start. */
const SETTLE_MS = 20_000;

const bridge = '/proc/sys/net/bridge/bridge-nf-call-iptables';
const deleted = (path: string): Drift => ({ name: `${path} deleted`, cause: `rm ${path}`, repaired: `same ${path}` });
const written = (path: string, value: number, wrong: number): Drift => ({
  name: path,
  cause: `echo ${wrong} >/proc/sys/${path}`,
  repaired: `is ${value} /proc/sys/${path}`,
});

/** Each thing is changed at most twice: what flips more often is held off on purpose. */
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
    'a module unloaded (and its sysctls with it)',
    [
      { name: 'br_netfilter', cause: 'modprobe -r br_netfilter', repaired: `[ -r ${bridge} ] && is 1 ${bridge}` },
      { name: 'overlay', cause: 'modprobe -r overlay', repaired: '[ -d /sys/module/overlay ]' },
    ],
  ],
  ['our file deleted', [deleted(SYSCTL_FILE), deleted(MODULES_FILE)]],
  [
    'swapon',
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

/** One kind of drift and the times in milliseconds until each of it was repaired. */
export interface Repairs {
  readonly kind: string;
  readonly ms: readonly number[];
}

/** Installs NodePrep for good; measures its memory and its repairs. */
export async function measureNodeprep(
  machine: Machine,
  host: BenchHost,
): Promise<{ readonly memory: readonly Figure[]; readonly repairs: readonly Repairs[] }> {
  progress('installing NodePrep');
  await host.reset();
  await machine.run(`${NODEPREP} install`, { timeoutMs: READY_MS });
  const end = Date.now() + READY_MS;
  while ((await machine.exec(`systemctl -q is-active nodeprep && { ${DAEMON_READY}; }`)).exitCode !== 0) {
    if (Date.now() > end) throw new Error('The daemon has not become ready in the machine');
    await sleep(500);
  }
  await sleep(SETTLE_MS);
  const memory = await memoryOf(machine, 'nodeprep run', '$(systemctl show -P MainPID nodeprep)');
  const repairs: Repairs[] = [];
  for (const [kind, drifts] of DRIFTS) {
    progress(`repairs: ${kind}`);
    const ms: number[] = [];
    for (const drift of drifts) {
      await sleep(1000);
      ms.push((await repair(machine, drift)).repairMs);
    }
    repairs.push({ kind, ms });
  }
  if (!(await host.isDone())) throw new Error('The host is not as declared after the repairs');
  return { memory, repairs };
}

/** Memory of the daemons of CFEngine that start its agent every five minutes and watch the host. */
export async function measureCfengine(machine: Machine, work: Work): Promise<readonly Figure[]> {
  const policy = toolsFor(work).find(({ program }) => program === 'cf-agent');
  if (policy === undefined || (await machine.exec('command -v cf-execd')).exitCode !== 0) return [];
  progress('the daemons of CFEngine');
  const inputs = '/var/lib/cfengine3/inputs/promises.cf';
  await machine.put(inputs, policy.text);
  await machine.run(`chmod 600 ${inputs}; cf-execd </dev/null >/dev/null 2>&1; cf-monitord </dev/null >/dev/null 2>&1`);
  await sleep(SETTLE_MS);
  const memory = await memoryOf(machine, 'cf-execd and cf-monitord', '$(pidof cf-execd cf-monitord)');
  await machine.run('kill $(pidof cf-execd cf-monitord)');
  return memory;
}

async function memoryOf(machine: Machine, name: string, pids: string): Promise<readonly Figure[]> {
  const output = await machine.run(`for p in ${pids}; do cat /proc/$p/status; done`);
  const sum = (field: string) =>
    [...output.matchAll(new RegExp(`^${field}:\\s+(\\d+) kB`, 'gm'))].reduce((all, [, kb]) => all + Number(kb), 0) /
    1024;
  return [
    { name: `resident memory of ${name}, idle`, value: sum('VmRSS'), unit: 'MB' },
    { name: 'of it anonymous', value: sum('RssAnon'), unit: 'MB' },
  ];
}

/** How long drift lasts, by what keeps the host; only NodePrep stays and looks. */
export function renderRepairs(repairs: readonly Repairs[]): string {
  const rows = repairs.map(({ kind, ms }) => {
    const measured = `${median(ms).toFixed(0)} ms (slowest of ${ms.length}: ${Math.max(...ms).toFixed(0)} ms)`;
    return `| ${kind} | ${measured} | never | at its next run, by default within 5 minutes | when somebody runs it |`;
  });
  return ['| drift | NodePrep | shell of the guides | CFEngine | Ansible |', '|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}
