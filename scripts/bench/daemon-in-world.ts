/** Inside a world: what the daemon costs while nothing happens, and how fast it answers when something does. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Figure, median } from './figures.ts';
import { progress } from './progress.ts';
import { type RunningDaemon, startDaemon } from './running-daemon.ts';
import { furnishWorld, sysctlDocument, sysctlFile, worldSysctls } from './world.ts';

/** As long as V8 takes to compile what runs again and again: the first twenty passes cost a third more. */
const WARM_UP_MS = 20_000;
const IDLE_MS = 20_000;
const [executable = ''] = process.argv.slice(2);
const figures: Figure[] = [];
const add = (name: string, value: number, unit: string, target?: number, note?: string) =>
  figures.push({
    name,
    value,
    unit,
    ...(target === undefined ? {} : { target }),
    ...(note === undefined ? {} : { note }),
  });

furnishWorld();
// Loopback has to be up for /metrics.
execFileSync('ip', ['link', 'set', 'lo', 'up']);
const many = worldSysctls(100);

for (const [count, target] of [
  [10, 1],
  [100, 3],
] as const) {
  const declared = new Map([...many].slice(0, count));
  writeFileSync('/etc/nodeprep/nodeprep.yaml', sysctlDocument(declared));
  progress(`the idle daemon with ${count} sysctls`);
  const idle = await measureIdle([]);
  progress(`the same with a pass every second`);
  const busy = await measureIdle(['--resync', '1s']);
  if (count === 10) {
    add('resident memory of the idle daemon', idle.rss, 'MB', 62);
    add('of it anonymous', idle.anonymous, 'MB', 18);
    add('CPU of the idle daemon in an hour', (idle.cpuMs / IDLE_MS) * 3600, 's', 4);
    await measureFewRepairs(declared);
  }
  const passMs = (busy.cpuMs - idle.cpuMs) / (busy.passes - idle.passes);
  add(`CPU of an idle pass, ${count} sysctls`, passMs, 'ms', target, `${busy.passes} passes`);
}

await measureRepair();
console.log(JSON.stringify(figures));

async function measureIdle(args: readonly string[]) {
  const daemon = await startApart(args);
  await sleep(WARM_UP_MS);
  const passesBefore = await daemon.passes();
  const cpuBefore = daemon.cpuMs();
  await sleep(IDLE_MS);
  const cpuMs = daemon.cpuMs() - cpuBefore;
  const passes = (await daemon.passes()) - passesBefore;
  const memory = daemon.memoryMb();
  await daemon.stop();
  return { cpuMs, passes, ...memory };
}

/** With as few parameters as most hosts declare; and a file of ours that is deleted. */
async function measureFewRepairs(declared: ReadonlyMap<string, number>): Promise<void> {
  progress('repairs of parameters and of a file');
  const daemon = await startApart();
  const told: number[] = [];
  for (const [name, value] of declared) told.push(await repairMs(name, value, '/proc'));
  add('changed sysctl until it is restored, 10 declared: median', median(told), 'ms', 5, `${told.length} keys`);
  const files: number[] = [];
  for (let round = 0; round < 2; round += 1) files.push(await returnMs('/etc/sysctl.d/99-zz-nodeprep.conf'));
  add('deleted file of ours until it is back: slowest', Math.max(...files), 'ms', 1200, `${files.length} times`);
  await daemon.stop();
}

/** Each key is changed once: one that flips again and again is held off on purpose. */
async function measureRepair(): Promise<void> {
  progress('repairs with 100 sysctls');
  const daemon = await startApart();
  const keys = [...many];
  const told: number[] = [];
  const untold: number[] = [];
  for (const [name, value] of keys.slice(0, 60)) told.push(await repairMs(name, value, '/proc'));
  for (const [name, value] of keys.slice(60, 75)) untold.push(await repairMs(name, value, '/run/other-proc'));
  await daemon.stop();
  add('the same, 100 declared: median', median(told), 'ms', 5, `${told.length} keys`);
  add('slowest of them', Math.max(...told), 'ms', 1200);
  add(
    'changed through another procfs, which tells nothing: median',
    median(untold),
    'ms',
    undefined,
    `${untold.length} keys`,
  );
  add('slowest of them', Math.max(...untold), 'ms', 1200);
}

/**
 * Starts it on processors that the reader does not use: it reads without a pause, and the kernel would often wake
 * the daemon on the processor of the one who wrote and let it wait there for a time slice, up to three milliseconds.
 */
async function startApart(args: readonly string[] = []): Promise<RunningDaemon> {
  const daemon = await startDaemon(executable, args);
  const last = cpus().length - 1;
  if (last === 0) progress('there is one processor only: the daemon waits for the one who looks');
  else allow(daemon.pid, `1-${last}`);
  allow(process.pid, '0');
  return daemon;
}

function allow(pid: number, processors: string): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', processors, String(pid)]);
}

async function repairMs(name: string, value: number, proc: string): Promise<number> {
  await sleep(100 + Math.random() * 400);
  const start = performance.now();
  writeFileSync(sysctlFile(name, proc), String(value + 1));
  const end = start + 5000;
  while (performance.now() < end) {
    if (Number(readFileSync(sysctlFile(name), 'utf8')) === value) return performance.now() - start;
  }
  throw new Error(`"${name}" was not restored within 5 s`);
}

async function returnMs(path: string): Promise<number> {
  await sleep(1500);
  const start = performance.now();
  rmSync(path);
  while (performance.now() < start + 5000) {
    if (existsSync(path)) return performance.now() - start;
    await sleep(1);
  }
  throw new Error(`"${path}" was not written again within 5 s`);
}
