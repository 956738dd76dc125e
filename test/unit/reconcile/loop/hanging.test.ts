import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AreaName, NodePrepSpec } from '../../../../src/api/spec/nodeprep.ts';
import { modules } from '../../../../src/areas/modules/index.ts';
import { sysctls } from '../../../../src/areas/sysctls/index.ts';
import { CommandError } from '../../../../src/host/errors.ts';
import type { HostWatcher } from '../../../../src/host/host.ts';
import { kernelFiles } from '../../../../src/host/memory/kernel-files.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { modprobe } from '../../../../src/host/memory/modprobe.ts';
import { openLedger } from '../../../../src/reconcile/ledger/ledger.ts';
import { converge } from '../../../../src/reconcile/loop/converge.ts';
import { createEngine } from '../../../../src/reconcile/loop/engine.ts';
import { runLoop } from '../../../../src/reconcile/loop/loop.ts';
import { Trigger } from '../../../../src/reconcile/loop/trigger.ts';
import { manage } from '../../../../src/reconcile/pass/pass.ts';
import type { NodeReport, SpecSnapshot } from '../../../../src/reconcile/report/node-report.ts';
import { linuxWorld } from '../../../support/linux-world.ts';
import { sysctlsSpec } from '../../../support/sysctls-pass.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const SWAPPINESS = '/proc/sys/vm/swappiness';
const clock = () => Date.now();
const now = () => new Date();

/** A host on which modprobe of one module hangs until a test lets it go. */
function hangingHost(name = 'overlay') {
  let released = Promise.withResolvers<void>();
  const counts = { running: 0, most: 0, started: 0 };
  const { commands = {}, ...others } = modprobe();
  const host: MemoryHost = new MemoryHost(linuxWorld({ [SWAPPINESS]: '60\n' }), {
    behaviours: [
      kernelFiles(),
      {
        ...others,
        commands: {
          modprobe: async (world, args, command) => {
            if (!args.includes(name)) return commands['modprobe']?.(world, args, command) ?? { stdout: '', stderr: '' };
            counts.started += 1;
            counts.running += 1;
            counts.most = Math.max(counts.most, counts.running);
            await released.promise;
            counts.running -= 1;
            throw new CommandError(command, { timedOut: true, detail: 'it did not end within 30000 ms' });
          },
        },
      },
    ],
  });
  const letGo = () => {
    released.resolve();
    released = Promise.withResolvers();
  };
  return { host, counts, letGo };
}

const specOf = (value: string, names: readonly string[] = ['overlay']): NodePrepSpec =>
  sysctlsSpec([['vm.swappiness', value]], {}, names);

async function start(host: MemoryHost, first: NodePrepSpec) {
  const stop = new AbortController();
  const areas = [manage(modules), manage(sysctls)];
  const trigger = new Trigger(clock);
  const reports: NodeReport[] = [];
  let snapshot: SpecSnapshot = { name: 'node1', generation: 1, spec: first, source: {} };
  const watcher: HostWatcher = { watch: async () => {}, close: async () => {} };
  const ledger = await openLedger(host, now);
  const done = runLoop(
    {
      areas,
      trigger,
      clock,
      random: () => 0.5,
      resyncMs: 300_000,
      watcher,
      engine: createEngine({ areas, host, ledger, clock, now }),
      source: { current: async () => snapshot, watch: async () => async () => {} },
      sinks: [{ name: 'list', publish: async (report) => void reports.push(report) }],
      onError: (_, error) => expect.fail(String(error)),
    },
    stop.signal,
  );
  await vi.advanceTimersByTimeAsync(0);
  return {
    reports,
    drift: async (told: readonly AreaName[] = ['sysctls']) => {
      host.put(SWAPPINESS, '60\n');
      trigger.fire('poll', told);
      await vi.advanceTimersByTimeAsync(0);
    },
    respec: (spec: NodePrepSpec) => {
      snapshot = { ...snapshot, generation: snapshot.generation + 1, spec };
      trigger.fire('spec');
    },
    stop: async (letGo: () => void) => {
      stop.abort();
      letGo();
      await done;
    },
    done,
    abort: () => stop.abort(),
  };
}

const stateOf = (report: NodeReport | undefined, name: string) =>
  report?.areas.flatMap(({ entries }) => entries).find((entry) => entry.name === name)?.state;

describe('an area whose command hangs', () => {
  it('does not keep drift of another area from being corrected at once', async () => {
    const { host, letGo } = hangingHost();
    const loop = await start(host, specOf('1'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(host.text(SWAPPINESS)).toBe('1\n');

    await loop.drift();

    expect(host.text(SWAPPINESS)).toBe('1\n');
    await loop.stop(letGo);
  });

  it('delays the areas that the same round visits by three seconds', async () => {
    const { host, letGo } = hangingHost('nbd');
    host.put('/sys/module/nbd/initstate', 'live\n');
    const loop = await start(host, specOf('1', ['nbd']));
    expect(host.text(SWAPPINESS)).toBe('1\n');

    host.put('/sys/module/nbd', undefined);
    await loop.drift(['modules', 'sysctls']);
    await vi.advanceTimersByTimeAsync(2900);
    expect(host.text(SWAPPINESS)).toBe('60\n');
    await vi.advanceTimersByTimeAsync(200);

    expect(host.text(SWAPPINESS)).toBe('1\n');
    await loop.stop(letGo);
  });

  it('is reported as not done until its command ends, and then with the failure', async () => {
    const { host, letGo } = hangingHost();
    const loop = await start(host, specOf('1'));
    await vi.advanceTimersByTimeAsync(10_000);

    const meanwhile = loop.reports.at(-1);
    expect(meanwhile).toMatchObject({ visited: ['sysctls'] });
    expect(stateOf(meanwhile, 'overlay')).toBe('Drifted');
    expect(meanwhile?.conditions.find(({ type }) => type === 'Progressing')).toMatchObject({
      status: 'True',
      reason: 'Applying',
    });

    letGo();
    await vi.advanceTimersByTimeAsync(0);
    expect(loop.reports.at(-1)).toMatchObject({ visited: ['modules'], cause: 'retry' });
    expect(stateOf(loop.reports.at(-1), 'overlay')).toBe('Failed');
    await loop.stop(letGo);
  });

  it('never has two commands at a time, and is tried again only after its back-off', async () => {
    const { host, letGo, counts } = hangingHost();
    const loop = await start(host, specOf('1'));
    for (let n = 0; n < 5; n += 1) {
      await vi.advanceTimersByTimeAsync(4000);
      await loop.drift();
    }
    expect(counts).toMatchObject({ most: 1, started: 1 });

    letGo();
    await vi.advanceTimersByTimeAsync(900);
    expect(counts.started).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(counts).toMatchObject({ most: 1, started: 2 });
    await loop.stop(letGo);
  });

  it('takes a spec that came meanwhile as soon as it can', async () => {
    const { host, letGo } = hangingHost();
    const loop = await start(host, specOf('1'));
    await vi.advanceTimersByTimeAsync(10_000);

    loop.respec(specOf('5', ['br_netfilter']));
    await vi.advanceTimersByTimeAsync(0);
    expect(host.text(SWAPPINESS)).toBe('5\n');
    expect(host.text('/sys/module/br_netfilter/initstate')).toBeUndefined();

    letGo();
    await vi.advanceTimersByTimeAsync(0);
    expect(host.text('/sys/module/br_netfilter/initstate')).toBe('live\n');
    expect(host.text('/etc/modules-load.d/nodeprep.conf')).not.toContain('overlay');
    await loop.stop(letGo);
  });

  it('has ended before the host is given away', async () => {
    const { host, letGo, counts } = hangingHost();
    const loop = await start(host, specOf('1'));
    await vi.advanceTimersByTimeAsync(10_000);
    let isOver = false;
    void loop.done.then(() => {
      isOver = true;
    });

    loop.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(isOver).toBe(false);

    letGo();
    await vi.advanceTimersByTimeAsync(0);
    expect({ isOver, running: counts.running }).toEqual({ isOver: true, running: 0 });
  });

  it('loses no record of what another area writes at the same time', async () => {
    const { host, letGo } = hangingHost();
    const loop = await start(host, specOf('1'));
    await vi.advanceTimersByTimeAsync(10_000);

    const ledger = await openLedger(host, now);
    expect([...ledger.memory('modules').keys()]).toContain('live:overlay');
    expect(ledger.memory('sysctls').get('live:vm.swappiness')?.original).toEqual({ state: 'value', value: '60' });
    await loop.stop(letGo);
  });

  it.each([20_000, 5000])(
    'holds up a one-shot command of %s ms, which has done the rest by then',
    async (timeoutMs) => {
      const { host, letGo } = hangingHost();
      const areas = [manage(modules), manage(sysctls)];
      const engine = createEngine({ areas, host, ledger: await openLedger(host, now), clock, now });
      const snapshot: SpecSnapshot = { name: 'node1', generation: 1, spec: specOf('1'), source: {} };
      const signal = new AbortController().signal;

      const converged = converge(engine, snapshot, { timeoutMs, clock }, signal);
      await vi.advanceTimersByTimeAsync(timeoutMs / 2);
      expect(host.text(SWAPPINESS)).toBe('1\n');
      await vi.advanceTimersByTimeAsync(timeoutMs / 2);
      letGo();
      await vi.advanceTimersByTimeAsync(0);

      const report = await converged;
      expect(report.visited).toEqual(expect.arrayContaining(['modules', 'sysctls']));
      expect(stateOf(report, 'overlay')).toBe('Failed');
    },
  );
});
