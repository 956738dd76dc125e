import { describe, expect, test } from 'vitest';
import { CONF_PATH } from '../../../../src/areas/sysctls/boot-files/own-files.ts';
import type { MemoryFiles } from '../../../../src/host/memory/memory-host.ts';
import { kernelHost, passSysctls, sysctlsSpec, type Declared } from '../../../support/sysctls-pass.ts';

const forward: Declared = ['net.ipv4.ip_forward', '1'];

async function report(files: MemoryFiles, entry: Declared = forward) {
  const host = kernelHost({ 'net.ipv4.ip_forward': '0', 'fs.file-max': '1000', 'net.ipv4.tcp_rmem': '1\t2\t3' }, files);
  const before = Object.keys(files).map((path) => [path, host.nodes.get(path)]);
  await passSysctls(host, sysctlsSpec([entry]));
  const result = await passSysctls(host, sysctlsSpec([entry]));
  expect(Object.keys(files).map((path) => [path, host.nodes.get(path)])).toEqual(before);
  return result;
}

async function conflicts(files: MemoryFiles, entry: Declared = forward) {
  return (await report(files, entry)).conflicts.map(({ file, line, reason }) => `${reason} ${file}:${line}`);
}

describe('a file that is read after ours', () => {
  test.each(['999-late.conf', 'local.conf', 'k8s.conf', '99-zzz.conf'])('%s is named with its line', async (name) => {
    const path = `/etc/sysctl.d/${name}`;

    const found = await report({ [path]: '# theirs\nnet.ipv4.ip_forward = 0\n' });

    expect(found.conflicts).toMatchObject([
      { target: 'net.ipv4.ip_forward', reason: 'OverriddenBySysctlD', file: path, line: 2 },
    ]);
    expect(found.conflicts[0]?.message).toContain('systemd-sysctl (every boot) and "sysctl --system"');
    expect(found.entries).toMatchObject([{ state: 'Conflicting' }]);
  });

  test('counts in whatever directory and spelling it is', async () => {
    expect(await conflicts({ '/usr/lib/sysctl.d/vendor.conf': 'net/ipv4/ip_forward=0' })).toEqual([
      'OverriddenBySysctlD /usr/lib/sysctl.d/vendor.conf:1',
    ]);
  });

  test('is none when it is hidden by another of its name', async () => {
    const files = {
      '/usr/lib/sysctl.d/vendor.conf': 'net.ipv4.ip_forward=0',
      '/etc/sysctl.d/vendor.conf': { link: '/dev/null' },
    };

    expect(await conflicts(files)).toEqual([]);
  });

  test('is none when it says the same in other words, or more than a limit asks', async () => {
    expect(
      await conflicts({ '/etc/sysctl.d/z.conf': 'net.ipv4.tcp_rmem = 4 5\t0x6' }, ['net.ipv4.tcp_rmem', '4 5 6']),
    ).toEqual([]);
    const limit: Declared = ['fs.file-max', '5000', { match: 'AtLeast' }];
    expect(await conflicts({ '/etc/sysctl.d/z.conf': 'fs.file-max = 6000' }, limit)).toEqual([]);
    expect(await conflicts({ '/etc/sysctl.d/z.conf': 'fs.file-max = 4000' }, limit)).toHaveLength(1);
  });

  test('is none when it is a pattern, since we name the key', async () => {
    expect(await conflicts({ '/etc/sysctl.d/z.conf': 'net.ipv4.* = 0' })).toEqual([]);
  });

  test('beats us for systemd when it takes the key out', async () => {
    const found = await report({ '/etc/sysctl.d/z.conf': '-net.ipv4.ip_forward\n' });

    expect(found.conflicts).toMatchObject([{ file: '/etc/sysctl.d/z.conf', line: 1 }]);
    expect(found.conflicts[0]?.message).toContain('takes "net.ipv4.ip_forward" out');
  });

  test('is not one that is read before ours', async () => {
    expect(
      await conflicts({
        '/etc/sysctl.d/99-sysctl.conf': 'net.ipv4.ip_forward=0',
        '/run/sysctl.d/10-x.conf': 'net.ipv4.ip_forward=0',
      }),
    ).toEqual([]);
  });

  test('/etc/sysctl.conf beats us for "sysctl --system" only, also through the link of Debian 12', async () => {
    const files = {
      '/etc/sysctl.conf': 'net.ipv4.ip_forward=0\n',
      '/etc/sysctl.d/99-sysctl.conf': { link: '../sysctl.conf' },
    };

    const found = await report(files);

    expect(found.conflicts).toMatchObject([{ file: '/etc/sysctl.conf', line: 1 }]);
    expect(found.conflicts[0]?.message).not.toContain('systemd-sysctl');
  });

  test('and another one for the other reader are both named', async () => {
    const files = { '/etc/sysctl.conf': 'net.ipv4.ip_forward=0\n', '/etc/sysctl.d/zz.conf': 'net.ipv4.ip_forward=0\n' };

    expect(await conflicts(files)).toEqual([
      'OverriddenBySysctlD /etc/sysctl.d/zz.conf:1',
      'OverriddenBySysctlD /etc/sysctl.conf:1',
    ]);
  });

  test('does not make the node unready when the entry is optional', async () => {
    const found = await report({ '/etc/sysctl.d/z.conf': 'net.ipv4.ip_forward=0' }, [
      forward[0],
      forward[1],
      { required: false },
    ]);

    expect(found.conflicts).toMatchObject([{ required: false }]);
  });
});

describe('our own file', () => {
  test.each([
    ['a link to /dev/null', { link: '/dev/null' }],
    ['a link to another file', { link: 'other.conf' }],
    ['a directory', null],
  ])('that is %s is left, and said', async (_, file) => {
    const host = kernelHost(
      { 'net.ipv4.ip_forward': '0' },
      { [CONF_PATH]: file, '/etc/sysctl.d/other.conf': '# other\n' },
    );
    const before = host.nodes.get(CONF_PATH);

    const found = await passSysctls(host, sysctlsSpec([forward]));

    expect(found.conflicts).toMatchObject([{ target: 'net.ipv4.ip_forward', file: CONF_PATH }]);
    expect(host.nodes.get(CONF_PATH)).toEqual(before);
    expect(host.text('/etc/sysctl.d/other.conf')).toBe('# other\n');
    expect(found.remaining).toEqual([]);
  });
});

test('a file whose lines systemd cannot read to the end is named, and is not required', async () => {
  const files = { '/etc/sysctl.d/zz.conf': `#${'x'.repeat(1_100_000)}\nnet.ipv4.ip_forward=0\n` };

  const found = await report(files);

  expect(found.conflicts).toMatchObject([
    { target: 'net.ipv4.ip_forward', line: 2 },
    { target: '/etc/sysctl.d/zz.conf', required: false },
  ]);
});
