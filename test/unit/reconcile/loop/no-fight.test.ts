/** What is a fight over a value, what is not, and how one ends. */
import { describe, expect, test } from 'vitest';
import { sysctls } from '../../../../src/areas/sysctls/index.ts';
import { openLedger } from '../../../../src/reconcile/ledger/ledger.ts';
import { createEngine } from '../../../../src/reconcile/loop/engine.ts';
import { manage } from '../../../../src/reconcile/pass/pass.ts';
import { kernelHost, live, sysctlsSpec } from '../../../support/sysctls-pass.ts';

const KEY = 'net.core.somaxconn';
const PATHS = { [KEY]: '/proc/sys/net/core/somaxconn' };

async function world(name = KEY, path = PATHS[KEY] ?? '') {
  const host = kernelHost({ [name]: '128' }, { '/sys/class/net/eth0/ifindex': '2\n' });
  let time = 0;
  const ledger = await openLedger(host, () => new Date(0));
  const engine = createEngine({ areas: [manage(sysctls)], host, ledger, clock: () => time, now: () => new Date(time) });
  const snapshot = { name: 'n', generation: 1, spec: sysctlsSpec([[name, '1024']]), source: {} };
  const round = async (cause: 'start' | 'poll') => {
    const { conditions, areas } = await engine.round({ snapshot, cause }, new AbortController().signal);
    return { ready: conditions.find(({ type }) => type === 'Ready')?.status, contested: areas[0]?.contested ?? [] };
  };
  const change = async (value: string, afterMs: number) => {
    time += afterMs;
    host.put(path, `${value}\n`);
    return round('poll');
  };
  await round('start');
  return { host, engine, round, change, wait: (ms: number) => (time += ms), value: () => live(host, name) };
}

describe('no fight is', () => {
  test('what happens three times in ten minutes and not right after our writes', async () => {
    const { change, value } = await world();

    for (let n = 0; n < 3; n += 1) {
      expect((await change('128', 200_000)).contested).toEqual([]);
      expect(value()).toBe('1024');
    }
  });

  test('what is another mistake each time', async () => {
    const { change } = await world();

    for (const wrong of ['1', '2', '3', '4']) expect((await change(wrong, 5000)).contested).toEqual([]);
  });

  test('an interface that comes and goes', async () => {
    const name = 'net.ipv4.conf.eth0.rp_filter';
    const { host, change } = await world(name, '/proc/sys/net/ipv4/conf/eth0/rp_filter');

    for (const index of ['3', '4', '5', '6']) {
      host.put('/sys/class/net/eth0/ifindex', `${index}\n`);
      expect((await change('128', 1000)).contested).toEqual([]);
    }
  });
});

describe('a fight', () => {
  async function fought(name = KEY, path = PATHS[KEY] ?? '') {
    const one = await world(name, path);
    for (let n = 0; n < 3; n += 1) await one.change('128', 1000);
    expect(one.value()).toBe('128');
    return one;
  }

  test('shows no Ready while a correction is on trial, and shows it when the correction lasted', async () => {
    const { engine, round, wait, value } = await fought();
    wait(engine.nextRelease() ?? 0);

    expect((await round('poll')).ready).toBe('False');
    expect(value()).toBe('1024');
    wait(engine.nextRelease() ?? 0);
    expect(await round('poll')).toEqual({ ready: 'True', contested: [] });
  });

  test('ends with a new spec', async () => {
    const { engine, value } = await fought();

    const snapshot = { name: 'n', generation: 2, spec: sysctlsSpec([[KEY, '2048']]), source: {} };
    await engine.round({ snapshot, cause: 'spec' }, new AbortController().signal);

    expect(value()).toBe('2048');
  });

  test('ends when a person asks for it', async () => {
    const { engine, round, value } = await fought();

    engine.forgive();
    await round('poll');

    expect(value()).toBe('1024');
  });

  test('never leaves forwarding wrong for more than a minute', async () => {
    const { engine, change, wait } = await fought(
      'net.ipv4.conf.eth0.forwarding',
      '/proc/sys/net/ipv4/conf/eth0/forwarding',
    );

    for (let n = 0; n < 6; n += 1) {
      expect(engine.nextRelease()).toBeLessThanOrEqual(60_000);
      wait(engine.nextRelease() ?? 0);
      await change('128', 0);
      await change('128', 1000);
    }
  });

  test('over a file does not blame a program that only knows live values', async () => {
    const { host, round, wait } = await world();
    let message = '';
    for (let n = 0; n < 3; n += 1) {
      wait(1000);
      host.put('/etc/sysctl.d/99-zz-nodeprep.conf', undefined);
      message = (await round('poll')).contested[0]?.message ?? '';
    }

    expect(message).toContain('a person keeps changing or deleting /etc/sysctl.d/99-zz-nodeprep.conf');
    expect(message).not.toContain('CNI');
  });
});
