/** What the kernel makes of foreign lines, and what else than sysctl.d sets parameters at boot. */
import { describe, expect, test } from 'vitest';
import type { MemoryFiles } from '../../../../src/host/memory/memory-host.ts';
import { type Declared, explained, kernelHost, passSysctls, sysctlsSpec } from '../../../support/sysctls-pass.ts';

const forward: Declared = ['net.ipv4.ip_forward', '1'];
const PARAMETERS = {
  'net.ipv4.ip_forward': '0',
  'net.core.somaxconn': '4096',
  'net.ipv4.tcp_rmem': '1\t2\t3',
  'net.ipv4.conf.eth0.forwarding': '0',
  'net.ipv6.conf.all.forwarding': '0',
  'net.ipv4.tcp_congestion_control': 'cubic',
};

async function conflicts(files: MemoryFiles, entry: Declared = forward) {
  const host = kernelHost(PARAMETERS, files);
  await passSysctls(host, sysctlsSpec([entry]));
  const { conflicts: found } = await passSysctls(host, sysctlsSpec([entry]));
  return found.map(({ file, line, message }) => ({ at: `${file}:${line}`, message }));
}

describe('a line of another file', () => {
  test.each(['1 # comment', '0x1', '01', '0001', '1\t# x', '1 1'])('"%s" is 1 to the kernel', async (text) => {
    expect(await conflicts({ '/etc/sysctl.d/zz.conf': `net.ipv4.ip_forward = ${text}\n` })).toEqual([]);
  });

  test('is octal with a leading zero', async () => {
    const entry: Declared = ['net.core.somaxconn', '10'];

    expect(await conflicts({ '/etc/sysctl.d/zz.conf': 'net.core.somaxconn = 010\n' }, entry)).toHaveLength(1);
    expect(await conflicts({ '/etc/sysctl.d/zz.conf': 'net.core.somaxconn = 012\n' }, entry)).toEqual([]);
  });

  test('counts for each number of a vector', async () => {
    const entry: Declared = ['net.ipv4.tcp_rmem', '4096 8 16'];

    expect(await conflicts({ '/etc/sysctl.d/zz.conf': 'net.ipv4.tcp_rmem = 0x1000 010 16 # max\n' }, entry)).toEqual(
      [],
    );
  });

  test('stays as it is where the parameter holds a word', async () => {
    const entry: Declared = ['net.ipv4.tcp_congestion_control', 'bbr'];

    expect(
      await conflicts({ '/etc/sysctl.d/zz.conf': 'net.ipv4.tcp_congestion_control = bbr # fast\n' }, entry),
    ).toHaveLength(1);
  });

  test.each(['yes', '0k', '0,5', '0#', '+0', '$FORWARD', '', '99999999999999999999999'])(
    'that the kernel refuses (%j) does not win over ours in procps, and takes ours out in systemd',
    async (text) => {
      expect(await conflicts({ '/etc/sysctl.conf': `net.ipv4.ip_forward = ${text}\n` })).toEqual([]);

      const [found, ...more] = await conflicts({ '/etc/sysctl.d/zz.conf': `net.ipv4.ip_forward = ${text}\n` });
      expect(more).toEqual([]);
      expect(found?.message).toContain('which the kernel refuses');
    },
  );

  test('that the kernel refuses wins nothing in explain', async () => {
    const host = kernelHost(PARAMETERS, { '/etc/sysctl.conf': 'net.ipv4.ip_forward = 1\nnet.ipv4.ip_forward = yes\n' });

    const sources = (await explained(host, sysctlsSpec([forward]), 'net.ipv4.ip_forward'))?.sources;

    expect(sources).toMatchObject([
      { line: 1, wins: true },
      { line: 2, wins: false, note: expect.stringContaining('refused by the kernel') as string },
    ]);
  });
});

describe('what sets parameters after sysctl.d', () => {
  const ufw = { '/etc/ufw/ufw.conf': 'ENABLED=yes\n', '/etc/ufw/sysctl.conf': '# x\nnet/ipv4/ip_forward=0\n' };

  test('ufw is named with file and line', async () => {
    expect(await conflicts(ufw)).toMatchObject([
      { at: '/etc/ufw/sysctl.conf:2', message: expect.stringContaining('when ufw starts') as string },
    ]);
    const files = { ...ufw, '/etc/default/ufw': 'IPT_SYSCTL="/etc/ufw/other.conf"\n' };
    expect(await conflicts({ ...files, '/etc/ufw/other.conf': 'net.ipv4.ip_forward = 0\n' })).toMatchObject([
      { at: '/etc/ufw/other.conf:1' },
    ]);
    expect(await conflicts({ ...ufw, '/etc/ufw/ufw.conf': 'ENABLED=no\n' })).toEqual([]);
  });

  test.each(['/run/credentials/@system/sysctl.extra', '/etc/credstore/sysctl.extra'])(
    'the credential %s is read last by systemd',
    async (path) => {
      const [found] = await conflicts({ [path]: 'net.ipv4.ip_forward=0\n' });

      expect(found?.at).toBe(`${path}:1`);
      expect(found?.message).toContain('systemd-sysctl (every boot)');
      expect(found?.message).not.toContain('sysctl --system');
    },
  );

  test('tuned is named when it does not apply sysctl.d again', async () => {
    const files = {
      '/etc/systemd/system/multi-user.target.wants/tuned.service': { link: '/usr/lib/systemd/system/tuned.service' },
      '/etc/tuned/active_profile': 'mine\n',
      '/etc/tuned/mine/tuned.conf': '[main]\ninclude=base\n[sysctl]\nnet.ipv4.tcp_rmem = ${rmem}\n',
      '/usr/lib/tuned/base/tuned.conf': '[sysctl]\n# y\nnet.ipv4.ip_forward = 0\n',
    };

    expect(await conflicts({ ...files, '/etc/tuned/tuned-main.conf': 'reapply_sysctl = 0\n' })).toMatchObject([
      { at: '/usr/lib/tuned/base/tuned.conf:3' },
    ]);
    expect(await conflicts(files)).toEqual([]);
  });

  const networkd = {
    '/etc/systemd/system/multi-user.target.wants/systemd-networkd.service': { link: '/usr/lib/x' },
  };

  test.each<readonly [string, MemoryFiles, Declared, string]>([
    [
      'IPForward',
      { '/etc/systemd/network/10-a.network': '[Match]\nName=eth0\n\n[Network]\nIPForward=ipv4\n' },
      ['net.ipv4.ip_forward', '0'],
      '/etc/systemd/network/10-a.network:5',
    ],
    [
      'IPv4Forwarding of a link',
      {
        '/usr/lib/systemd/network/10-a.network.d/x.conf': '',
        '/etc/systemd/network/a.network': '[Match]\nName=e*\n[Network]\nIPv4Forwarding=no\n',
      },
      ['net.ipv4.conf.eth0.forwarding', '1'],
      '/etc/systemd/network/a.network:4',
    ],
    [
      'IPv6Forwarding of all',
      { '/etc/systemd/networkd.conf.d/x.conf': '[Network]\nIPv6Forwarding=no\n' },
      ['net.ipv6.conf.all.forwarding', '1'],
      '/etc/systemd/networkd.conf.d/x.conf:2',
    ],
    [
      'a switch in one letter',
      { '/etc/systemd/networkd.conf.d/x.conf': '[Network]\nIPv6Forwarding=N\n' },
      ['net.ipv6.conf.all.forwarding', '1'],
      '/etc/systemd/networkd.conf.d/x.conf:2',
    ],
  ])('systemd-networkd is named for %s', async (_, files, entry, at) => {
    expect(await conflicts({ ...networkd, ...files }, entry)).toMatchObject([{ at }]);
    expect(await conflicts(files, entry)).toEqual([]);
  });

  test.each(['constructor', 'toString', '__proto__'])(
    'systemd-networkd with the word %s sets nothing',
    async (word) => {
      const text = `[Match]\nName=eth0\n[Network]\nIPForward=${word}\nIPv4Forwarding=${word}\n`;
      const files = { '/etc/systemd/network/a.network': text, '/etc/systemd/networkd.conf': text };

      expect(await conflicts({ ...networkd, ...files }, ['net.ipv4.conf.eth0.forwarding', '1'])).toEqual([]);
    },
  );
});
