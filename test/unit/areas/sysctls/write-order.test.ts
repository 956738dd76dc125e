import { describe, expect, it } from 'vitest';
import type { StepEvent } from '../../../../src/reconcile/pass/context.ts';
import { kernelHost, live, passSysctls, persisted, sysctlsSpec } from '../../../support/sysctls-pass.ts';

const PORTS = { 'net.ipv4.ip_local_port_range': '32768\t60999', 'net.ipv4.ip_unprivileged_port_start': '1024' };

/** A kernel whose limits hold each other in place: each may be at most ten times the next. */
const LADDER = ['vm.a', 'vm.b', 'vm.c', 'vm.d'] as const;

describe('values that the kernel takes only in one order', () => {
  it.each([
    ['downwards', '500 60999', '400'],
    ['upwards', '50000 60999', '40000'],
  ])('are set and persisted in one pass, %s', async (_, range, first) => {
    const host = kernelHost(PORTS);
    const spec = sysctlsSpec([
      ['net.ipv4.ip_local_port_range', range],
      ['net.ipv4.ip_unprivileged_port_start', first],
    ]);

    const report = await passSysctls(host, spec);

    expect(report.failures).toEqual([]);
    expect(report.entries.map(({ state }) => state)).toEqual(['InSync', 'InSync']);
    expect(live(host, 'net.ipv4.ip_local_port_range')?.replace('\t', ' ')).toBe(range);
    expect(persisted(host)).toContain(`net.ipv4.ip_local_port_range = ${range}`);
  });

  it('are set however many of them depend on each other', async () => {
    const accepts = Object.fromEntries(
      LADDER.slice(0, -1).map((name, at) => [
        name,
        (value: string) => Number(value) <= 10 * Number(live(host, LADDER[at + 1] ?? '')),
      ]),
    );
    const host = kernelHost(Object.fromEntries(LADDER.map((name) => [name, '1'])), {}, { accepts });

    const report = await passSysctls(host, sysctlsSpec(LADDER.map((name, at) => [name, `${10 ** (4 - at)}`])));

    expect(report.failures).toEqual([]);
    expect(LADDER.map((name) => live(host, name))).toEqual(['10000', '1000', '100', '10']);
    expect(persisted(host)).toHaveLength(4);
  });

  it('are set again when a later write has changed them', async () => {
    const host = kernelHost({
      'net.ipv4.tcp_allowed_congestion_control': 'reno cubic',
      'net.ipv4.tcp_congestion_control': 'cubic',
    });
    const spec = sysctlsSpec([
      ['net.ipv4.tcp_allowed_congestion_control', 'reno'],
      ['net.ipv4.tcp_congestion_control', 'bbr'],
    ]);

    const report = await passSysctls(host, spec);

    expect(report.remaining).toEqual([]);
    expect(live(host, 'net.ipv4.tcp_allowed_congestion_control')).toBe('reno');
  });

  it('are tried again only while others are set, and fail once', async () => {
    const tried: string[] = [];
    const refuse = (value: string) => {
      tried.push(value);
      return false;
    };
    const host = kernelHost({ 'vm.a': '1', 'vm.b': '1' }, {}, { accepts: { 'vm.a': refuse } });
    const events: StepEvent[] = [];

    const spec = sysctlsSpec([
      ['vm.a', '7'],
      ['vm.b', '2'],
    ]);
    const report = await passSysctls(host, spec, { onStep: (event) => events.push(event) });

    expect(report.failures.map(({ target, reason }) => [target, reason])).toEqual([['vm.a', 'SysctlRejected']]);
    expect(events.filter(({ type }) => type === 'failed')).toHaveLength(1);
    expect(tried).toEqual(['7', '7']);
    expect(persisted(host)).toEqual(['vm.b = 2']);
  });

  it('are not called failed when a second go sets them', async () => {
    const host = kernelHost(PORTS);
    const events: StepEvent[] = [];
    const spec = sysctlsSpec([
      ['net.ipv4.ip_local_port_range', '500 60999'],
      ['net.ipv4.ip_unprivileged_port_start', '400'],
    ]);

    await passSysctls(host, spec, { onStep: (event) => events.push(event) });

    expect(events.filter(({ type }) => type === 'failed')).toEqual([]);
  });
});
