import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFailed, onTestFinished, vi } from 'vitest';
import { sysctlSpec } from '../support/kernel-world.ts';
import { type Agent, type PodWorld, podWorld, podWorldObstacle } from '../support/pod-world.ts';

vi.setConfig({ testTimeout: 180_000 });
const obstacle = podWorldObstacle();
if (obstacle !== undefined) console.warn(`Skipped: ${obstacle}`);

const KILLS = Number(process.env['NODEPREP_KILLS'] ?? 50);
const SRC = join(import.meta.dirname, '../../src');
/** On a busy machine a start alone takes many seconds; only what is promised is measured. */
const WAIT = { timeout: 60_000, interval: 20 };
const KEY = 'net.ipv4.tcp_retries2';
const live = (world: PodWorld) => world.sh('cat /proc/sys/net/ipv4/tcp_retries2');
const pidOf = (agent: Agent) => expect.poll(agent.pid, WAIT).toBeGreaterThan(0);

/** The unit declares 7, the pod 8: who wrote last is seen in the kernel. */
async function world(): Promise<PodWorld> {
  const made = await podWorld();
  made.sh(`mkdir -p /etc/nodeprep
    echo '${sysctlSpec({ [KEY]: '7' })}' > /etc/nodeprep/nodeprep.yaml
    echo '${sysctlSpec({ [KEY]: '8' })}' > /etc/pod.yaml`);
  return made;
}

const unit = (made: PodWorld, ...args: string[]) => made.startOnHost(['run', '--metrics-port', '0', ...args]);
const pod = (made: PodWorld, ...args: string[]) =>
  made.startInPod(['run', '--host-root', '/host', '--file', '/host/etc/pod.yaml', '--metrics-port', '0', ...args]);

describe.skipIf(obstacle !== undefined)('the hand-over between unit and pod', () => {
  it('gives the host to the pod and back, and says so', async () => {
    const made = await world();
    const service = unit(made, '--metrics-port', '9752');
    await expect.poll(() => live(made), WAIT).toBe('7');
    const originals = made.sh('cat /var/lib/nodeprep/ledger.json');

    const agent = pod(made);
    await expect.poll(() => live(made), WAIT).toBe('8');
    await expect.poll(() => service.output(), WAIT).toContain('Standing by');
    const during = made.onHost(['status']);
    const metrics = () => made.sh('curl -s http://127.0.0.1:9752/metrics');
    const ready = made.sh('curl -s -w "%{http_code}" http://127.0.0.1:9752/readyz');
    expect(metrics()).toMatch(/^nodeprep_standby 1$/m);
    agent.kill('KILL');
    await expect.poll(() => live(made), WAIT).toBe('7');

    expect(during.stdout).toContain(`Managed by the agent of the cluster, process ${agent.pid()}`);
    expect(during.stdout).toContain(`process ${service.pid()} ("run"`);
    expect(ready).toMatch(/^standing by: behind the agent of the cluster, process \d+ .*\n200$/);
    expect(metrics()).toMatch(/^nodeprep_standby 0$/m);
    expect(service.output()).toContain('Handed the host over');
    // What was there before NodePrep is known by the first original, whoever writes.
    expect(JSON.parse(made.sh('cat /var/lib/nodeprep/ledger.json'))).toMatchObject({
      areas: { sysctls: originalsIn(originals) },
    });
  });

  it('does not begin a round of its own while the pod has the host, whatever drifts', async () => {
    const made = await world();
    const service = unit(made);
    await expect.poll(() => live(made), WAIT).toBe('7');
    const agent = pod(made);
    await expect.poll(() => live(made), WAIT).toBe('8');
    await expect.poll(() => service.output(), WAIT).toContain('Standing by');

    agent.kill('STOP');
    made.sh('echo 5 > /proc/sys/net/ipv4/tcp_retries2');
    await sleep(6000);

    expect(live(made)).toBe('5');
    agent.kill('CONT');
    await expect.poll(() => live(made), WAIT).toBe('8');
  });

  it('refuses one-shot commands while the pod has the host, and names it', async () => {
    const made = await world();
    const agent = pod(made);
    await expect.poll(() => live(made), WAIT).toBe('8');

    const bootstrap = made.onHost(['bootstrap']);
    const uninstall = made.onHost(['uninstall']);
    const service = made.onHost(['bootstrap', '--service', '--timeout', '5s']);

    for (const { code, stderr } of [bootstrap, uninstall]) {
      expect(code).toBe(1);
      expect(stderr).toContain(`process ${agent.pid()} `);
      expect(stderr).toContain('agent of the cluster');
    }
    // The host is ready, which is all that the kubelet waits for.
    expect(service.code).toBe(0);
    expect(live(made)).toBe('8');
  });

  it(`never has two writers and always finds the next one, killed ${KILLS} times at random`, {
    timeout: 30_000 + KILLS * 20_000,
  }, async () => {
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

    for (let kill = 0; kill < KILLS; kill += 1) {
      // Half of them while something starts or changes hands, half of them when each has found its place.
      // The first is one after which the unit has to come back, so that its time is known at least once.
      const isFirst = kill === 0;
      const isSettled = agent !== undefined && (isFirst || Math.random() < 0.5);
      if (isSettled) await expect.poll(() => live(made) === '8' && isWaiting(service), WAIT).toBe(true);
      await sleep(Math.random() * 1500);
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
    expect(resumes.length).toBeGreaterThan(0);
    expect(Math.max(...resumes)).toBeLessThan(10_000);
    expect(tenures.filter(({ pid }) => !roles.has(pid))).toEqual([]);
    // Two who write at once would undo each other's value again and again: nobody writes twice in his time.
    expect(changes.length).toBeLessThanOrEqual(tenures.length);
    // And whoever wrote a value had the host at that moment, or within what the monitor may be late.
    const strangers = changes.filter(({ at, value }) => {
      const role = value === '7' ? 'unit' : 'pod';
      return !tenures.some(({ pid, from, to }) => roles.get(pid) === role && from - 500 <= at && at <= to + 500);
    });
    expect(strangers).toEqual([]);
    expect(overlaps(agents.map((one) => one.agent))).toEqual([]);
  });
});

/** Whether the last word of a process is that it stands by. */
function isWaiting(agent: Agent): boolean {
  const words = agent.output().match(/Standing by|Managing this host|Taking the host over|Handed the host over/g);
  return words?.at(-1) === 'Standing by';
}

function originalsIn(ledger: string): unknown {
  const { areas } = JSON.parse(ledger) as { areas: { sysctls: Record<string, { original: unknown }> } };
  return Object.fromEntries(Object.entries(areas.sysctls).map(([key, { original }]) => [key, { original }]));
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
