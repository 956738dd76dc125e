import { describe, expect, test } from 'vitest';
import { CONF_PATH, RULES_PATH } from '../../../../src/areas/sysctls/boot-files/own-files.ts';
import { setSysctl } from '../../../../src/host/memory/kernel-files.ts';
import {
  changeLines,
  kernelHost,
  live,
  passSysctls,
  persisted,
  planOf,
  sysctlsSpec,
} from '../../../support/sysctls-pass.ts';

const atLeast = { match: 'AtLeast' } as const;

describe('what is persisted', () => {
  test('says who owns the file and where to declare', async () => {
    const host = kernelHost({ 'kernel.panic': '0' });

    await passSysctls(host, sysctlsSpec([['kernel.panic', '10']]));

    expect(host.text(CONF_PATH)).toMatch(/^# Managed by NodePrep\..*overwritten[^]*\/etc\/nodeprep\/nodeprep\.yaml/);
  });

  test('a limit is not, when the kernel was above it before us', async () => {
    const host = kernelHost({ 'fs.file-max': '9223372036854775807' });

    const report = await passSysctls(host, sysctlsSpec([['fs.file-max', '1000000', atLeast]]));

    expect(report.drift).toEqual([]);
    expect(host.text(CONF_PATH)).toBeUndefined();
  });

  test('a limit is not, when another file gives more, even if an administrator has lowered it since', async () => {
    const files = { '/usr/lib/sysctl.d/50-pid-max.conf': 'kernel.pid_max = 4194304\n' };
    const host = kernelHost({ 'kernel.pid_max': '32768' }, files);

    const report = await passSysctls(host, sysctlsSpec([['kernel.pid_max', '65536', atLeast]]));

    expect(live(host, 'kernel.pid_max')).toBe('65536');
    expect(host.text(CONF_PATH)).toBeUndefined();
    expect(report.remaining).toEqual([]);
    expect(report.conflicts).toEqual([]);
  });

  test('a limit is, when another file gives less than the kernel does', async () => {
    const files = { '/etc/sysctl.d/10-low.conf': 'kernel.pid_max = 1000\n' };
    const host = kernelHost({ 'kernel.pid_max': '4194304' }, files);

    await passSysctls(host, sysctlsSpec([['kernel.pid_max', '65536', atLeast]]));

    expect(live(host, 'kernel.pid_max')).toBe('4194304');
    expect(persisted(host)).toEqual(['kernel.pid_max = 65536']);
  });

  test('a vector of limits lowers no field that another program has raised', async () => {
    const files = { '/etc/sysctl.d/10-a.conf': 'net.ipv4.tcp_rmem = 8192 100 100\n' };
    const host = kernelHost({ 'net.ipv4.tcp_rmem': '8192\t100\t100' }, files);

    const report = await passSysctls(host, sysctlsSpec([['net.ipv4.tcp_rmem', '4096 131072 100', atLeast]]));

    expect(report.remaining).toEqual([]);
    expect(live(host, 'net.ipv4.tcp_rmem')).toBe('8192\t131072\t100');
    expect(persisted(host)).toEqual(['net.ipv4.tcp_rmem = 8192 131072 100']);
  });

  test('a list keeps the members that other files give', async () => {
    const files = { '/etc/sysctl.d/10-a.conf': 'net.ipv4.ip_local_reserved_ports = 8080\n' };
    const host = kernelHost({ 'net.ipv4.ip_local_reserved_ports': '9999' }, files);
    const spec = sysctlsSpec([['net.ipv4.ip_local_reserved_ports', '10250,30000-30010', { match: 'Contains' }]]);

    const report = await passSysctls(host, spec);

    expect(report.remaining).toEqual([]);
    expect(live(host, 'net.ipv4.ip_local_reserved_ports')).toBe('9999,10250,30000-30010');
    expect(persisted(host)).toEqual(['net.ipv4.ip_local_reserved_ports = 8080,10250,30000-30010']);
  });

  test('a hand-edited file of ours is put right', async () => {
    const host = kernelHost({ 'kernel.panic': '0' });
    const spec = sysctlsSpec([['kernel.panic', '10']]);
    await passSysctls(host, spec);
    const good = host.text(CONF_PATH);
    host.put(CONF_PATH, `${good}vm.swappiness = 1\n`);

    expect(changeLines(await planOf(host, spec))).toEqual(['persistent delete vm.swappiness: 1 -> -']);
    await passSysctls(host, spec);

    expect(host.text(CONF_PATH)).toBe(good);
  });

  test('a parameter stays while its interface is away, and goes when the kernel no longer knows it', async () => {
    const host = kernelHost({ 'net.ipv4.conf.eth1.rp_filter': '0', 'kernel.old': '0' });
    const spec = sysctlsSpec([
      ['net.ipv4.conf.eth1.rp_filter', '2'],
      ['kernel.old', '1'],
    ]);
    await passSysctls(host, spec);
    host.put('/proc/sys/net/ipv4/conf/eth1', undefined);
    host.put('/proc/sys/kernel/old', undefined);

    await passSysctls(host, spec);

    expect(persisted(host)).toEqual(['net.ipv4.conf.eth1.rp_filter = 2']);
  });

  test('a value that is fought over right now stays persisted', async () => {
    const host = kernelHost({ 'kernel.panic': '0', 'vm.swappiness': '60' });
    await passSysctls(host, sysctlsSpec([['kernel.panic', '10']]));
    setSysctl(host, 'kernel.panic', '0');
    const spec = sysctlsSpec([
      ['kernel.panic', '10'],
      ['vm.swappiness', '1'],
    ]);

    await passSysctls(host, spec, {
      holdOff: (_, { target, scope }) =>
        target === 'kernel.panic' && scope === 'live' ? { target, reason: 'Contested', message: 'held' } : undefined,
    });

    expect(persisted(host)).toEqual(['kernel.panic = 10', 'vm.swappiness = 1']);
  });
});

describe('a directory instead of a running machine', () => {
  test('without /proc only the next boot counts', async () => {
    const host = kernelHost({}, {}, { kernel: 'absent' });
    host.put('/proc', undefined);
    const spec = sysctlsSpec([
      ['net.ipv4.ip_forward', '1'],
      ['net.bridge.bridge-nf-call-iptables', '1'],
      ['fs.file-max', '1000', atLeast],
    ]);

    const report = await passSysctls(host, spec);
    const again = await passSysctls(host, spec);

    expect(report.remaining).toEqual([]);
    expect(report.deferred).toEqual([]);
    expect(again.drift).toEqual([]);
    expect(persisted(host)).toEqual([
      'net.ipv4.ip_forward = 1',
      'fs.file-max = 1000',
      'net.bridge.bridge-nf-call-iptables = 1',
    ]);
  });

  test('with a captured /proc the live steps wait for the boot and the file is written', async () => {
    const host = kernelHost({ 'net.ipv4.ip_forward': '0' }, {}, { kernel: 'captured' });

    const report = await passSysctls(host, sysctlsSpec([['net.ipv4.ip_forward', '1']]));

    expect(report.deferred).toMatchObject([{ change: { target: 'net.ipv4.ip_forward' }, reason: 'NextBoot' }]);
    expect(persisted(host)).toEqual(['net.ipv4.ip_forward = 1']);
    expect(live(host, 'net.ipv4.ip_forward')).toBe('0');
  });
});

describe('the udev rule', () => {
  const bridge = ['net.bridge.bridge-nf-call-iptables', '1'] as const;
  const rules = (host: { text: (path: string) => string | undefined }) =>
    host
      .text(RULES_PATH)
      ?.split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));

  test('applies our keys again when their module or interface appears late', async () => {
    const host = kernelHost({
      [bridge[0]]: '0',
      'net.nf_conntrack_max': '1000',
      'net.netfilter.nf_conntrack_tcp_be_liberal': '0',
      'net.ipv4.conf.eth0.rp_filter': '1',
      'net.ipv4.conf.all.rp_filter': '1',
    });
    const spec = sysctlsSpec([
      bridge,
      ['net.nf_conntrack_max', '2000'],
      ['net.netfilter.nf_conntrack_tcp_be_liberal', '1'],
      ['net.ipv4.conf.eth0.rp_filter', '2'],
      ['net.ipv4.conf.all.rp_filter', '2'],
    ]);

    await passSysctls(host, spec);

    expect(rules(host)).toEqual([
      'ACTION=="add", SUBSYSTEM=="module", KERNEL=="br_netfilter", RUN+="/usr/lib/systemd/systemd-sysctl --prefix=/net/bridge"',
      'ACTION=="add", SUBSYSTEM=="module", KERNEL=="nf_conntrack", RUN+="/usr/lib/systemd/systemd-sysctl --prefix=/net/netfilter --prefix=/net/nf_conntrack_max"',
      'ACTION=="add", SUBSYSTEM=="net", KERNEL!="lo", RUN+="/usr/lib/systemd/systemd-sysctl --prefix=/net/ipv4/conf/$name"',
    ]);
  });

  test('names the program where this host has it', async () => {
    const host = kernelHost({ [bridge[0]]: '0' }, { '/lib/systemd/systemd-sysctl': '' });

    await passSysctls(host, sysctlsSpec([bridge]));

    expect(rules(host)?.[0]).toContain('"/lib/systemd/systemd-sysctl ');
  });

  test('goes when nothing needs it any more, and is not there otherwise', async () => {
    const host = kernelHost({ [bridge[0]]: '0', 'kernel.panic': '0' });
    await passSysctls(host, sysctlsSpec([bridge]));

    const report = await passSysctls(host, sysctlsSpec([['kernel.panic', '10']]));

    expect(host.text(RULES_PATH)).toBeUndefined();
    expect(report.remaining).toEqual([]);
  });

  test('that cannot be written because of a link in its place is said', async () => {
    const host = kernelHost({ [bridge[0]]: '0' }, { [RULES_PATH]: { link: '/dev/null' } });

    const report = await passSysctls(host, sysctlsSpec([bridge]));

    expect(report.conflicts).toMatchObject([{ file: RULES_PATH, required: false }]);
    expect(report.remaining).toEqual([]);
    expect(host.nodes.get(RULES_PATH)).toEqual({ type: 'link', target: '/dev/null' });
  });
});
