import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  changeLines,
  kernelHost,
  live,
  passSysctls,
  persisted,
  planOf,
  sysctlsSpec,
} from '../../../support/sysctls-pass.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('a parameter that is not there', () => {
  test('is unsupported, not persisted, and required only when declared so', async () => {
    const host = kernelHost({});
    const spec = sysctlsSpec([
      ['kernel.no_such_key', '1'],
      ['kernel.optional', '1', { required: false }],
    ]);

    const report = await passSysctls(host, spec);

    expect(report.blocked.map(({ reason, required }) => [reason, required])).toEqual([
      ['SysctlUnsupported', undefined],
      ['SysctlUnsupported', false],
    ]);
    expect(persisted(host)).toBeUndefined();
    expect(report.remaining).toEqual([]);
  });

  test('says when its interface, or IPv6 as a whole, is missing', async () => {
    const host = kernelHost({ 'net.ipv4.conf.all.forwarding': '1' });
    const spec = sysctlsSpec([
      ['net/ipv4/conf/eth0.100/forwarding', '1'],
      ['net.ipv6.conf.all.forwarding', '1'],
    ]);

    const [vlan, ipv6] = (await planOf(host, spec)).blocked;

    expect(vlan?.message).toContain('no network interface "eth0.100"');
    expect(ipv6?.message).toContain('without IPv6');
  });

  test('names the module to declare when one is known', async () => {
    const report = await passSysctls(kernelHost({}), sysctlsSpec([['net.bridge.bridge-nf-call-iptables', '1']]));

    expect(report.blocked).toMatchObject([{ reason: 'WaitingForModule' }]);
    expect(report.blocked[0]?.message).toContain('"br_netfilter"');
  });

  test('is planned when its module is declared, and fails at once while that is not loaded', async () => {
    const host = kernelHost({});
    const spec = sysctlsSpec([['net.bridge.bridge-nf-call-iptables', '1']], {}, ['br_netfilter']);

    expect(changeLines(await planOf(host, spec))[0]).toBe('live create net.bridge.bridge-nf-call-iptables: - -> 1');
    const report = await passSysctls(host, spec);

    expect(report.failures).toMatchObject([{ reason: 'WaitingForModule', transient: true }]);
    expect(persisted(host)).toEqual(['net.bridge.bridge-nf-call-iptables = 1']);
  });

  test('is waited for when its module has just been loaded', async () => {
    vi.useFakeTimers();
    const host = kernelHost({}, { '/sys/module/br_netfilter/refcnt': '0\n' });
    const spec = sysctlsSpec([['net.bridge.bridge-nf-call-iptables', '1']], {}, ['br_netfilter']);

    const pass = passSysctls(host, spec);
    await vi.advanceTimersByTimeAsync(2000);
    host.put('/proc/sys/net/bridge/bridge-nf-call-iptables', '0\n');
    await vi.advanceTimersByTimeAsync(200);
    const report = await pass;

    expect(report.failures).toEqual([]);
    expect(live(host, 'net.bridge.bridge-nf-call-iptables')).toBe('1');
  });

  test('is waited for five seconds and no longer, and not after an abort', async () => {
    vi.useFakeTimers();
    const host = kernelHost({}, { '/sys/module/br_netfilter/refcnt': '0\n' });
    const spec = sysctlsSpec([['net.bridge.bridge-nf-call-iptables', '1']], {}, ['br_netfilter']);
    const controller = new AbortController();

    const patient = passSysctls(host, spec);
    await vi.advanceTimersByTimeAsync(5100);
    const aborted = passSysctls(host, spec, { signal: controller.signal }).catch(String);
    await vi.advanceTimersByTimeAsync(1000);
    controller.abort(new Error('stop'));

    expect((await patient).failures).toMatchObject([{ reason: 'WaitingForModule', transient: true }]);
    expect(await aborted).toContain('stop');
  });

  test('makes no entry impossible when /proc is not mounted: all are reported', async () => {
    const host = kernelHost({});
    host.put('/proc/sys', undefined);

    const report = await passSysctls(host, sysctlsSpec([['kernel.panic', '10']]));

    expect(report.blocked).toMatchObject([{ target: 'kernel.panic', reason: 'HostUnsupported' }]);
    expect(persisted(host)).toBeUndefined();
  });
});
