/**
 * Kills unit and pod at random and looks who had the host when: while something starts or changes hands, or each
 * time when both have found their place.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFailed, onTestFinished } from 'vitest';
import { live, pod, unit, WAIT, world } from './hand-over.ts';
import type { Agent } from './pod-world.ts';

const SRC = join(import.meta.dirname, '../../src');

/** How many kills a test file makes; `NODEPREP_KILLS` makes them more, with `TEST_FILE_SECONDS` as their time. */
export const KILLS = Number(process.env['NODEPREP_KILLS'] ?? 4);

const pidOf = (agent: Agent) => expect.poll(agent.pid, WAIT).toBeGreaterThan(0);

/** What the kills showed. */
export interface Tenures {
  /** Milliseconds after which the unit had the host again. */
  readonly resumes: readonly number[];
  /** Holders that were never started. */
  readonly foreignHolders: readonly unknown[];
  readonly writesBeyondTenures: number;
  /** Values written by a process that did not have the host. */
  readonly strangers: readonly unknown[];
  /** Pairs of times in which two processes said that the host is theirs. */
  readonly overlaps: readonly unknown[];
}

/** What a run with one writer at a time shows, besides how fast it is. */
export const ONE_WRITER = { foreignHolders: [], writesBeyondTenures: 0, strangers: [], overlaps: [] };

/** Fails when nothing takes the host over; the rest is told. */
export async function killAtRandom(kills: number, when: 'moving' | 'settled'): Promise<Tenures> {
  const made = await world();
  const monitor = made.startModule(MONITOR);
  await expect.poll(() => monitor.output(), WAIT).toContain('holder');
  let service = unit(made);
  let agent: Agent | undefined = pod(made);
  const agents: { agent: Agent; role: 'unit' | 'pod' }[] = [
    { agent: service, role: 'unit' },
    { agent, role: 'pod' },
  ];
  const begin = (role: 'unit' | 'pod') => {
    const next = role === 'unit' ? unit(made) : pod(made);
    agents.push({ agent: next, role });
    return next;
  };
  const resumes: number[] = [];
  onTestFailed(() =>
    console.log(
      agents
        .slice(-4)
        .map((one) => `${one.role}: ${one.agent.output()}`)
        .join('\n'),
    ),
  );
  onTestFinished(() => console.log(`resumed after ${resumes.map(Math.round).join(', ')} ms`));

  for (let kill = 0; kill < kills; kill += 1) {
    // The first is one after which the unit has to come back, so that its time is known at least once.
    const isFirst = kill === 0;
    const isSettled = agent !== undefined && (isFirst || when === 'settled');
    if (isSettled) await expect.poll(() => live(made) === '8' && isWaiting(service), WAIT).toBe(true);
    // Three times what a start takes on a quiet machine.
    await sleep(Math.random() * 750);
    if (agent === undefined || (!isFirst && Math.random() < 0.4)) {
      await pidOf(service);
      service.kill('KILL');
      await service.ended;
      service = begin('unit');
      agent ??= begin('pod');
      continue;
    }
    await pidOf(agent);
    const since = performance.now();
    agent.kill('KILL');
    await agent.ended;
    agent = undefined;
    if (isFirst || (isSettled && Math.random() < 0.6)) {
      await expect.poll(() => live(made), WAIT).toBe('7');
      resumes.push(performance.now() - since);
    }
    if (Math.random() < 0.8) agent = begin('pod');
  }
  agent ??= begin('pod');
  await expect.poll(() => live(made), WAIT).toBe('8');
  monitor.kill('TERM');
  await monitor.ended;

  const roles = new Map(agents.map((one) => [one.agent.pid(), one.role]));
  const { tenures, changes } = seen(monitor.output());
  // The writer of a value had the host at that moment, give or take the delay of the monitor.
  const strangers = changes.filter(({ at, value }) => {
    const role = value === '7' ? 'unit' : 'pod';
    return !tenures.some(({ pid, from, to }) => roles.get(pid) === role && from - 500 <= at && at <= to + 500);
  });
  return {
    resumes,
    foreignHolders: tenures.filter(({ pid }) => !roles.has(pid)),
    // Two writers at once would undo each other's value again and again; a single one writes once in its turn.
    writesBeyondTenures: Math.max(0, changes.length - tenures.length),
    strangers,
    overlaps: overlaps(agents.map((one) => one.agent)),
  };
}

/** Whether the last word of a process is that it stands by. */
function isWaiting(agent: Agent): boolean {
  const words = agent.output().match(/Standing by|Managing this host|Taking the host over|Handed the host over/g);
  return words?.at(-1) === 'Standing by';
}

/** Prints every change of the holder and of the value, with the time. */
const MONITOR = `
  import { readFileSync } from 'node:fs';
  import { lockHolder } from '${SRC}/host/hand-over/lock.ts';
  let value, pid, going = true;
  const say = (what, is) => console.log(JSON.stringify({ at: Date.now(), what, is }));
  process.on('SIGTERM', () => { going = false; });
  setInterval(() => {
    const now = readFileSync('/proc/sys/net/ipv4/tcp_retries2', 'utf8').trim();
    if (now !== value) say('value', now);
    value = now;
  }, 1);
  while (going) {
    const now = (await lockHolder({ root: '/', live: true }))?.pid ?? 0;
    if (now !== pid) say('holder', now);
    pid = now;
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  say('holder', 0);
  process.exit(0);`;

function seen(output: string) {
  const lines = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { at: number; what: string; is: string | number });
  const tenures: { pid: number; from: number; to: number }[] = [];
  for (const { at, what, is } of lines) {
    if (what !== 'holder') continue;
    const last = tenures.at(-1);
    if (last?.to === Infinity) last.to = at;
    if (is !== 0) tenures.push({ pid: Number(is), from: at, to: Infinity });
  }
  const changes = lines
    .filter(({ what }) => what === 'value')
    .slice(1)
    .map(({ at, is }) => ({ at, value: String(is) }));
  return { tenures, changes };
}

/** The times in which processes say that the host is theirs, where two of them meet. */
function overlaps(agents: readonly Agent[]): unknown[] {
  const times = agents.flatMap((agent) => {
    const found: { pid: number; from: number; to: number }[] = [];
    for (const line of agent.output().split('\n')) {
      if (!line.startsWith('{')) continue;
      const { time, message } = JSON.parse(line) as { time: string; message: string };
      const at = Date.parse(time);
      if (/^(Managing|Taking)/.test(message)) found.push({ pid: agent.pid(), from: at, to: at });
      const last = found.at(-1);
      // Everything that is said belongs to the time, up to the last word before the hand-over.
      if (last !== undefined && !/^(Handed|Standing|NodePrep)/.test(message)) last.to = at;
    }
    return found;
  });
  return times.flatMap((one, index) =>
    times
      .slice(index + 1)
      .filter((other) => one.from < other.to && other.from < one.to)
      .map((other) => ({ one, other })),
  );
}
