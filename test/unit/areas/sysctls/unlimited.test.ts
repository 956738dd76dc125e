import { describe, expect, test } from 'vitest';
import { kernelHost, live, passSysctls, persisted, sysctlsSpec } from '../../../support/sysctls-pass.ts';

describe('a parameter without a limit', () => {
  test.each([
    ['net.netfilter.nf_conntrack_max', '0', '131072'],
    ['net.nf_conntrack_max', '0', '131072'],
    ['net.ipv6.conf.eth0.max_addresses', '0', '16'],
    ['fs.pipe-user-pages-soft', '0', '16384'],
    ['fs.pipe-user-pages-hard', '0', '16384'],
    ['fs.lease-break-time', '0', '45'],
    ['net.sctp.max_burst', '0', '4'],
    ['kernel.core_pipe_limit', '0', '4'],
    ['kernel.oops_limit', '0', '10000'],
    ['kernel.hung_task_timeout_secs', '0', '120'],
    ['kernel.sched_rt_runtime_us', '-1', '950000'],
    ['net.ipv6.conf.all.router_solicitations', '-1', '3'],
  ])('is at least anything: %s stays at %s', async (name, unlimited, declared) => {
    const host = kernelHost({ [name]: unlimited });

    const report = await passSysctls(host, sysctlsSpec([[name, declared, { match: 'AtLeast' }]]));

    expect(report.entries).toMatchObject([{ state: 'InSync' }]);
    expect(live(host, name)).toBe(unlimited);
    expect(persisted(host)).toBeUndefined();
  });

  test('is not given a limit at boot where another file takes it away', async () => {
    const files = { '/etc/sysctl.d/10-conntrack.conf': 'net.netfilter.nf_conntrack_max = 0\n' };
    const host = kernelHost({ 'net.netfilter.nf_conntrack_max': '0' }, files);

    const report = await passSysctls(
      host,
      sysctlsSpec([['net.netfilter.nf_conntrack_max', '131072', { match: 'AtLeast' }]]),
    );

    expect(report.conflicts).toEqual([]);
    expect(persisted(host)).toBeUndefined();
  });

  test('is more than the most that is allowed', async () => {
    const host = kernelHost({ 'net.netfilter.nf_conntrack_max': '0' });

    await passSysctls(host, sysctlsSpec([['net.netfilter.nf_conntrack_max', '131072', { match: 'AtMost' }]]));

    expect(live(host, 'net.netfilter.nf_conntrack_max')).toBe('131072');
  });

  test('is reached when at least no limit is asked for', async () => {
    const host = kernelHost({ 'net.netfilter.nf_conntrack_max': '131072' });

    await passSysctls(host, sysctlsSpec([['net.netfilter.nf_conntrack_max', '0', { match: 'AtLeast' }]]));

    expect(live(host, 'net.netfilter.nf_conntrack_max')).toBe('0');
  });

  test('is an ordinary small number to every other parameter', async () => {
    const host = kernelHost({ 'net.core.somaxconn': '0' });

    await passSysctls(host, sysctlsSpec([['net.core.somaxconn', '4096', { match: 'AtLeast' }]]));

    expect(live(host, 'net.core.somaxconn')).toBe('4096');
  });
});
