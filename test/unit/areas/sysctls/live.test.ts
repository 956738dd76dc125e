import { describe, expect, test } from 'vitest';
import { HostFileError } from '../../../../src/host/errors.ts';
import { setSysctl } from '../../../../src/host/memory/kernel-files.ts';
import {
  changeLines,
  kernelHost,
  live,
  memoryOf,
  passSysctls,
  persisted,
  planOf,
  sysctlsSpec,
} from '../../../support/sysctls-pass.ts';

describe('a live value', () => {
  test('is written, read back and persisted', async () => {
    const host = kernelHost({ 'net.ipv4.ip_forward': '0' });
    const spec = sysctlsSpec([['net.ipv4.ip_forward', '1']]);

    expect(changeLines(await planOf(host, spec))).toEqual([
      'live update net.ipv4.ip_forward: 0 -> 1',
      'persistent create net.ipv4.ip_forward: - -> 1',
    ]);
    const report = await passSysctls(host, spec);

    expect(report.remaining).toEqual([]);
    expect(live(host, 'net.ipv4.ip_forward')).toBe('1');
    expect(persisted(host)).toEqual(['net.ipv4.ip_forward = 1']);
    expect(report.entries).toMatchObject([{ state: 'InSync', live: '1', persistent: '1' }]);
  });

  test('that is right in other words is not written at all', async () => {
    const host = kernelHost({ 'net.ipv4.tcp_rmem': '4096\t131072\t6291456', 'vm.swappiness': '31' });
    const spec = sysctlsSpec([
      ['net.ipv4.tcp_rmem', '4096 131072  6291456'],
      ['vm.swappiness', '0x1f'],
    ]);
    await passSysctls(host, spec);
    const before = host.toString();
    const mutations = host.mutations;

    const report = await passSysctls(host, spec);

    expect(report.applied).toEqual([]);
    expect(host.mutations).toBe(mutations);
    expect(host.toString()).toBe(before);
    expect(host.text('/proc/sys/net/ipv4/tcp_rmem')).toBe('4096\t131072\t6291456\n');
  });

  test('of an interface with a dot in its name is found and persisted with slashes', async () => {
    const host = kernelHost({ 'net/ipv4/conf/eth0.100/forwarding': '0' });

    await passSysctls(host, sysctlsSpec([['net.ipv4.conf.eth0/100.forwarding', '1']]));

    expect(host.text('/proc/sys/net/ipv4/conf/eth0.100/forwarding')).toBe('1\n');
    expect(persisted(host)).toEqual(['net/ipv4/conf/eth0.100/forwarding = 1']);
  });

  test('of one interface comes after the switch that resets all of them', async () => {
    const host = kernelHost({
      'net.ipv4.conf.eth0.forwarding': '0',
      'net.ipv4.conf.all.forwarding': '0',
      'net.ipv4.ip_forward': '0',
    });
    const spec = sysctlsSpec([
      ['net.ipv4.conf.eth0.forwarding', '0'],
      ['net.ipv4.ip_forward', '1'],
    ]);
    host.put('/proc/sys/net/ipv4/conf/eth0/forwarding', '1\n');

    await passSysctls(host, spec);
    const report = await passSysctls(host, spec);

    expect(report.remaining).toEqual([]);
    expect([live(host, 'net.ipv4.ip_forward'), live(host, 'net.ipv4.conf.eth0.forwarding')]).toEqual(['1', '0']);
    expect(persisted(host)).toEqual(['net.ipv4.ip_forward = 1', 'net.ipv4.conf.eth0.forwarding = 0']);
  });

  test('may be empty', async () => {
    const host = kernelHost({ 'net.ipv4.ip_local_reserved_ports': '8080' });

    const report = await passSysctls(host, sysctlsSpec([['net.ipv4.ip_local_reserved_ports', '']]));

    expect(report.remaining).toEqual([]);
    expect(live(host, 'net.ipv4.ip_local_reserved_ports')).toBe('');
    expect(persisted(host)).toEqual(['net.ipv4.ip_local_reserved_ports = ']);
  });
});

describe('a value the kernel does not take', () => {
  test('is reported as rejected, never persisted, and does not stop the others', async () => {
    const host = kernelHost(
      { 'vm.overcommit_memory': '0', 'kernel.panic': '0' },
      {},
      { accepts: { 'vm.overcommit_memory': (value) => ['0', '1', '2'].includes(value) } },
    );
    const spec = sysctlsSpec([
      ['vm.overcommit_memory', '9'],
      ['kernel.panic', '10'],
    ]);

    const report = await passSysctls(host, spec);

    expect(report.failures).toMatchObject([{ target: 'vm.overcommit_memory', reason: 'SysctlRejected' }]);
    expect(report.failures[0]?.message).toMatch(/"9".*EINVAL.*stays at "0"/);
    expect(report.applied.map(({ target, scope }) => `${scope} ${target}`)).toEqual([
      'live kernel.panic',
      'persistent kernel.panic',
    ]);
    expect(report.entries.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'vm.overcommit_memory Failed',
      'kernel.panic InSync',
    ]);
    expect(persisted(host)).toEqual(['kernel.panic = 10']);
    expect(live(host, 'vm.overcommit_memory')).toBe('0');
  });

  test('leaves the last good value persisted', async () => {
    const host = kernelHost(
      { 'kernel.pid_max': '32768' },
      {},
      { accepts: { 'kernel.pid_max': (text) => text !== '10' } },
    );
    await passSysctls(host, sysctlsSpec([['kernel.pid_max', '65536']]));

    await passSysctls(host, sysctlsSpec([['kernel.pid_max', '10']]));

    expect(persisted(host)).toEqual(['kernel.pid_max = 65536']);
  });

  test('is refused before any write when a vector has another number of fields', async () => {
    const host = kernelHost({ 'net.ipv4.tcp_wmem': '4096\t131072\t6291456' });

    const report = await passSysctls(host, sysctlsSpec([['net.ipv4.tcp_wmem', '1']]));

    expect(report.blocked).toMatchObject([{ target: 'net.ipv4.tcp_wmem', reason: 'SysctlRejected' }]);
    expect(host.text('/proc/sys/net/ipv4/tcp_wmem')).toBe('4096\t131072\t6291456\n');
    expect(persisted(host)).toBeUndefined();
  });

  test('is never written when it has a word among the numbers of a vector', async () => {
    const host = kernelHost({ 'net.ipv4.tcp_wmem': '4096\t131072\t6291456' });

    const report = await passSysctls(host, sysctlsSpec([['net.ipv4.tcp_wmem', '5000 x 7000']]));

    expect(report.blocked).toMatchObject([{ target: 'net.ipv4.tcp_wmem', reason: 'SysctlRejected' }]);
    expect(report.blocked[0]?.message).toContain('"5000 x 7000" has something else among them');
    expect(host.text('/proc/sys/net/ipv4/tcp_wmem')).toBe('4096\t131072\t6291456\n');
    expect(persisted(host)).toBeUndefined();
  });

  test('is rejected when the kernel makes another one of it, and accepted as a lower limit', async () => {
    const parameters = { 'net.netfilter.nf_conntrack_buckets': '65536' };
    const adjusts = { 'net.netfilter.nf_conntrack_buckets': (value: bigint) => ((value + 511n) / 512n) * 512n };
    const exact = kernelHost(parameters, {}, { adjusts });
    const atLeast = kernelHost(parameters, {}, { adjusts });

    const report = await passSysctls(exact, sysctlsSpec([['net.netfilter.nf_conntrack_buckets', '100000']]));
    const limit = await passSysctls(
      atLeast,
      sysctlsSpec([['net.netfilter.nf_conntrack_buckets', '100000', { match: 'AtLeast' }]]),
    );

    expect(report.failures[0]?.message).toMatch(/now holds "100352", not "100000"/);
    expect(persisted(exact)).toBeUndefined();
    expect(limit.failures).toEqual([]);
    expect(persisted(atLeast)).toEqual(['net.netfilter.nf_conntrack_buckets = 100000']);
  });

  test.each(['EPERM', 'EACCES', 'EROFS'])('is a matter of permission on %s', async (code) => {
    const host = kernelHost({ 'kernel.panic': '0' }, {}, { refused: { 'kernel.panic': code } });

    const report = await passSysctls(host, sysctlsSpec([['kernel.panic', '10']]));

    expect(report.failures).toMatchObject([{ reason: 'PermissionDenied' }]);
    expect(persisted(host)).toBeUndefined();
  });
});

describe('a value that cannot be read', () => {
  const secret = 'net.ipv6.conf.default.stable_secret';

  test('is written when reading needs a first write, and recorded as unreadable', async () => {
    const host = kernelHost({ [secret]: '' }, {}, { secret: [secret] });

    const report = await passSysctls(host, sysctlsSpec([[secret, '2001:db8::1']]));
    const again = await passSysctls(host, sysctlsSpec([[secret, '2001:db8::1']]));

    expect(report.remaining).toEqual([]);
    expect(again.applied).toEqual([]);
    expect(live(host, secret)).toBe('2001:0db8:0000:0000:0000:0000:0000:0001');
    expect((await memoryOf(host)).get(`live:${secret}`)?.original.state).toBe('unreadable');
  });

  test('is not persisted when the kernel refused it', async () => {
    const host = kernelHost({ [secret]: '' }, {}, { secret: [secret], accepts: { [secret]: () => false } });

    const report = await passSysctls(host, sysctlsSpec([[secret, 'nonsense']]));

    expect(report.failures).toMatchObject([{ reason: 'SysctlRejected' }]);
    expect(persisted(host)).toBeUndefined();
  });

  test('is written once and then trusted when it can only be written', async () => {
    const host = kernelHost({ 'net.x.key': '0' }, {}, { writeOnly: ['net.x.key'] });
    const spec = sysctlsSpec([['net.x.key', '5']]);

    const report = await passSysctls(host, spec);
    const again = await passSysctls(host, spec);

    expect(report.remaining).toEqual([]);
    expect(again.applied).toEqual([]);
    expect(live(host, 'net.x.key')).toBe('5');
  });
});

test('a denied parameter is never touched, by any document', async () => {
  const host = kernelHost({ 'vm.drop_caches': '0', 'kernel.core_pattern': 'core' });
  const spec = sysctlsSpec([
    ['vm.drop_caches', '3'],
    ['kernel/core_pattern', '|/tmp/x'],
  ]);

  const report = await passSysctls(host, spec);

  expect(report.blocked.map(({ reason }) => reason)).toEqual(['SysctlDenied', 'SysctlDenied']);
  expect([live(host, 'vm.drop_caches'), live(host, 'kernel.core_pattern')]).toEqual(['0', 'core']);
  expect(persisted(host)).toBeUndefined();
});

test('a value that another program has set in the meantime is not written again', async () => {
  const host = kernelHost({ 'kernel.panic': '0', 'vm.swappiness': '60' });
  const spec = sysctlsSpec([['kernel.panic', '10']]);
  const plan = await planOf(host, spec);
  setSysctl(host, 'kernel.panic', '10');
  const { mutations } = host;

  const { sysctls } = await import('../../../../src/areas/sysctls/index.ts');
  const made = await sysctls.apply(host, plan.steps[0] as never, new AbortController().signal);

  expect(made).toEqual([]);
  expect(host.mutations).toBe(mutations);
});

test('our own file that cannot be read is an error, never "absent"', async () => {
  const host = kernelHost({ 'kernel.panic': '0' }, { '/etc/sysctl.d/99-zz-nodeprep.conf': 'x' });
  const readFile = host.readFile;
  const broken = Object.assign(host, {
    readFile: async (path: string, encoding?: 'bytes') => {
      if (path.endsWith('nodeprep.conf')) throw new HostFileError('read', path, 'EIO', 'input/output error');
      return readFile(path, encoding);
    },
  });

  const report = await passSysctls(broken, sysctlsSpec([['kernel.panic', '10']]));

  expect(report.error).toBeDefined();
  expect(live(host, 'kernel.panic')).toBe('0');
});
