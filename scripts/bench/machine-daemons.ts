/** What stays in the machine's memory for what each tool promises, and what it does for that. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MODULES_FILE, SYSCTL_FILE } from '../../test/e2e/harness/drift.ts';
import { DAEMON_READY } from '../../test/e2e/harness/in-machine.ts';
import { type Machine, TOOLS } from '../../test/e2e/harness/machine.ts';
import type { Figure } from './figures.ts';
import { NODEPREP } from './machine-costs.ts';
import type { BenchHost } from './machine-host.ts';
import { measureRepairs, type Repairs } from './machine-repairs.ts';
import { memoryFrom } from './process-memory.ts';
import { progress } from './progress.ts';
import { MGMT, SHELL, toolsFor } from './tools.ts';
import type { Work } from './work.ts';

const READY_MS = 900_000;
/** Until a process has given back what it needed for its start. */
const SETTLE_MS = 20_000;

/** Memory of what stays, and how long drift lasts under it when it repairs by itself. */
export interface Staying {
  readonly memory: readonly Figure[];
  readonly repairs?: Repairs;
}

/** Installs NodePrep, with its daemon, and removes it again. */
export async function measureNodeprep(machine: Machine, host: BenchHost): Promise<Required<Staying>> {
  progress('installing NodePrep');
  await host.reset();
  await machine.run(`${NODEPREP} install`, { timeoutMs: READY_MS });
  await until(machine, `systemctl -q is-active nodeprep && { ${DAEMON_READY}; }`, 'NodePrep');
  const memory = await memoryOf(machine, 'nodeprep run', '$(systemctl show -P MainPID nodeprep)');
  const repairs = await measureRepairs(machine, 'NodePrep', [SYSCTL_FILE, MODULES_FILE]);
  if (!(await host.isDone())) throw new Error('The host is not as declared after the repairs');
  await machine.run(`${NODEPREP} uninstall --purge`, { timeoutMs: READY_MS });
  await host.reset();
  return { memory, repairs };
}

/** The daemons that start CFEngine's agent every five minutes and watch the host. They repair nothing in between. */
export async function measureCfengine(machine: Machine, host: BenchHost, work: Work): Promise<Staying> {
  const policy = toolsFor(work).find(({ program }) => program === 'cf-agent');
  if (policy === undefined || (await machine.exec('command -v cf-execd')).exitCode !== 0) return { memory: [] };
  progress('the daemons of CFEngine');
  const inputs = '/var/lib/cfengine3/inputs/promises.cf';
  await machine.put(inputs, policy.text);
  await machine.run(`chmod 600 ${inputs}; cf-execd </dev/null >/dev/null 2>&1; cf-monitord </dev/null >/dev/null 2>&1`);
  await until(machine, 'pidof cf-execd && pidof cf-monitord', 'CFEngine');
  const memory = await memoryOf(machine, 'cf-execd and cf-monitord', '$(pidof cf-execd cf-monitord)');
  await machine.run('kill $(pidof cf-execd cf-monitord)');
  await host.reset();
  return { memory };
}

/** mgmt on a host that the shell has prepared: it takes no parameter that the kernel does not have yet. */
export async function measureMgmt(machine: Machine, host: BenchHost, work: Work): Promise<Staying> {
  const tools = toolsFor(work);
  const shell = tools.find(({ name }) => name === SHELL);
  const mgmt = tools.find(({ program }) => program === 'mgmt');
  const found = await machine.exec(`PATH=$PATH:${TOOLS} command -v mgmt`);
  if (shell === undefined || mgmt === undefined || found.exitCode !== 0) return { memory: [] };
  progress('the daemon of mgmt');
  await host.reset();
  for (const { file, text } of [shell, mgmt]) await machine.put(file, text);
  await machine.run(`sh ${shell.file}`);
  const command = [...MGMT, 'lang', mgmt.file].join(' ');
  await machine.run(
    `PATH=$PATH:${TOOLS} setsid ${command} </dev/null >/run/bench/mgmt.log 2>&1 & echo $! >/run/bench/mgmt.pid`,
  );
  const files = ['/etc/sysctl.d/99-net.ipv4.ip_forward.conf'];
  await until(machine, `[ -s ${files[0]} ]`, 'mgmt');
  const memory = await memoryOf(machine, 'mgmt', '$(cat /run/bench/mgmt.pid)');
  const repairs = await measureRepairs(machine, 'mgmt', files);
  await machine.exec('kill $(cat /run/bench/mgmt.pid)');
  await host.reset();
  return { memory, repairs };
}

async function until(machine: Machine, condition: string, name: string): Promise<void> {
  const end = Date.now() + READY_MS;
  while ((await machine.exec(condition)).exitCode !== 0) {
    if (Date.now() > end) throw new Error(`${name} has not become ready in the machine`);
    await sleep(500);
  }
  await sleep(SETTLE_MS);
}

async function memoryOf(machine: Machine, name: string, pids: string): Promise<readonly Figure[]> {
  const { rss, anonymous } = memoryFrom(await machine.run(`for p in ${pids}; do cat /proc/$p/status; done`));
  return [
    { name: `resident memory of ${name}, idle`, value: rss, unit: 'MB' },
    { name: 'of it anonymous', value: anonymous, unit: 'MB' },
  ];
}
