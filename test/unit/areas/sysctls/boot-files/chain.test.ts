import { describe, expect, test } from 'vitest';
import { rulesOf, winnerOf } from '../../../../../src/areas/sysctls/boot-files/chain.ts';
import { keyPathFrom } from '../../../../../src/areas/sysctls/values/key-path.ts';
import type { Reader } from '../../../../../src/areas/sysctls/boot-files/parse-conf.ts';
import { observeChain } from '../../../../../src/areas/sysctls/boot-files/sysctl-d.ts';
import { HostFileError } from '../../../../../src/host/errors.ts';
import { type MemoryFiles, MemoryHost } from '../../../../../src/host/memory/memory-host.ts';

async function winner(files: MemoryFiles, name: string, reader: Reader): Promise<string | undefined> {
  const rule = winnerOf(
    rulesOf(await observeChain(new MemoryHost(files)), reader, () => true),
    keyPathFrom(name),
  );
  return rule === undefined ? undefined : `${rule.file}:${rule.line} ${rule.value ?? '(out)'}`;
}

/** Both readers agree. */
async function winnerOfBoth(files: MemoryFiles, name: string): Promise<string | undefined> {
  const found = await winner(files, name, 'systemd');
  expect(await winner(files, name, 'procps')).toBe(found);
  return found;
}

describe('the order of files', () => {
  test('the last name wins, whatever directory it is in', async () => {
    const files = {
      '/etc/sysctl.d/10-a.conf': 'vm.swappiness=1\n',
      '/usr/lib/sysctl.d/20-b.conf': '\n\nvm.swappiness=2\n',
      '/run/sysctl.d/15-c.conf': 'vm.swappiness=3\n',
    };

    expect(await winnerOfBoth(files, 'vm.swappiness')).toBe('/usr/lib/sysctl.d/20-b.conf:3 2');
  });

  test('names compare byte for byte: letters after digits, 999 after 99-zz', async () => {
    const files = {
      '/etc/sysctl.d/99-zz-nodeprep.conf': 'vm.swappiness=1\nkernel.panic=1\n',
      '/etc/sysctl.d/999-late.conf': 'vm.swappiness=2\n',
      '/etc/sysctl.d/local.conf': 'vm.swappiness=3\n',
      '/etc/sysctl.d/Upper.conf': 'vm.swappiness=4\n',
      '/etc/sysctl.d/99-zz.conf': 'kernel.panic=5\n',
    };

    expect(await winnerOfBoth(files, 'vm.swappiness')).toBe('/etc/sysctl.d/local.conf:1 3');
    expect(await winnerOfBoth(files, 'kernel.panic')).toBe('/etc/sysctl.d/99-zz.conf:1 5');
  });

  test('a name in a higher directory hides the same name below', async () => {
    const files = {
      '/etc/sysctl.d/50-x.conf': 'kernel.panic=1\n',
      '/usr/lib/sysctl.d/50-x.conf': 'vm.swappiness=2\n',
      '/usr/local/lib/sysctl.d/50-x.conf': 'vm.swappiness=3\n',
    };

    expect(await winnerOfBoth(files, 'vm.swappiness')).toBeUndefined();
  });

  test.each([
    ['an empty file', ''],
    ['a link to /dev/null', { link: '/dev/null' }],
    ['a link that leads nowhere', { link: 'gone.conf' }],
    ['a directory', null],
  ])('%s hides it too', async (_, file) => {
    const files = { '/etc/sysctl.d/50-x.conf': file, '/usr/lib/sysctl.d/50-x.conf': 'vm.swappiness=2\n' };

    expect(await winnerOfBoth(files, 'vm.swappiness')).toBeUndefined();
  });

  test('a merged /usr does not count a file twice', async () => {
    const files = { '/lib': { link: 'usr/lib' }, '/usr/lib/sysctl.d/50-x.conf': 'vm.swappiness=2\n' };

    expect(await winnerOfBoth(files, 'vm.swappiness')).toBe('/usr/lib/sysctl.d/50-x.conf:1 2');
  });

  test('only names that end in .conf count, hidden ones for procps alone', async () => {
    const files = { '/etc/sysctl.d/a.conf.bak': 'vm.swappiness=1\n', '/etc/sysctl.d/.h.conf': 'kernel.panic=2\n' };

    expect(await winnerOfBoth(files, 'vm.swappiness')).toBeUndefined();
    expect(await winner(files, 'kernel.panic', 'systemd')).toBeUndefined();
    expect(await winner(files, 'kernel.panic', 'procps')).toBe('/etc/sysctl.d/.h.conf:1 2');
  });

  test('/etc/sysctl.conf is last for procps and unknown to systemd', async () => {
    const files = { '/etc/sysctl.conf': 'vm.swappiness=1\n', '/etc/sysctl.d/zzz.conf': 'vm.swappiness=2\n' };

    expect(await winner(files, 'vm.swappiness', 'procps')).toBe('/etc/sysctl.conf:1 1');
    expect(await winner(files, 'vm.swappiness', 'systemd')).toBe('/etc/sysctl.d/zzz.conf:1 2');
  });

  test('the link of Debian 12 lets systemd read it at its place', async () => {
    const files = {
      '/etc/sysctl.conf': 'vm.swappiness=1\n',
      '/etc/sysctl.d/99-sysctl.conf': { link: '../sysctl.conf' },
      '/etc/sysctl.d/50-x.conf': 'vm.swappiness=2\n',
    };

    expect(await winner(files, 'vm.swappiness', 'systemd')).toBe('/etc/sysctl.d/99-sysctl.conf:1 1');
  });
});

describe('patterns', () => {
  const key = 'net.ipv4.conf.eth0.rp_filter';

  test('a key that is named anywhere is not set by a pattern', async () => {
    const files = { '/etc/sysctl.d/1.conf': `${key}=1\n`, '/etc/sysctl.d/2.conf': 'net.ipv4.conf.*.rp_filter=2\n' };

    expect(await winnerOfBoth(files, key)).toBe('/etc/sysctl.d/1.conf:1 1');
    expect(await winnerOfBoth(files, 'net.ipv4.conf.eth1.rp_filter')).toBe('/etc/sysctl.d/2.conf:1 2');
  });

  test('the last of several patterns wins', async () => {
    const files = { '/etc/sysctl.d/1.conf': 'net.ipv4.conf.*.rp_filter=2\nnet.ipv4.conf.eth*.rp_filter=0\n' };

    expect(await winnerOfBoth(files, key)).toBe('/etc/sysctl.d/1.conf:2 0');
  });

  test('a key that is taken out stays as it is', async () => {
    const files = { '/etc/sysctl.d/1.conf': `net.ipv4.conf.*.rp_filter=2\n-${key}\n` };

    expect(await winnerOfBoth(files, key)).toBe('/etc/sysctl.d/1.conf:2 (out)');
  });

  test('for systemd taking out also cancels an earlier assignment, for procps it does not', async () => {
    const files = { '/etc/sysctl.d/1.conf': `${key}=1\n-${key}\n` };

    expect(await winner(files, key, 'systemd')).toBe('/etc/sysctl.d/1.conf:2 (out)');
    expect(await winner(files, key, 'procps')).toBe('/etc/sysctl.d/1.conf:1 1');
  });

  test('a later assignment counts again', async () => {
    expect(await winnerOfBoth({ '/etc/sysctl.d/1.conf': `-${key}\n${key}=1\n` }, key)).toBe('/etc/sysctl.d/1.conf:2 1');
  });

  test('a pattern with "-" takes nothing out', async () => {
    const files = { '/etc/sysctl.d/1.conf': 'net.ipv4.conf.*.rp_filter=2\n-net.ipv4.conf.eth*.rp_filter\n' };

    expect(await winnerOfBoth(files, key)).toBe('/etc/sysctl.d/1.conf:1 2');
  });
});

describe('files that cannot be read', () => {
  test('are named, and the others still count', async () => {
    const behaviour = {
      readFile: (_: MemoryHost, path: string) => {
        if (path.endsWith('bad.conf')) throw new HostFileError('read', path, 'EIO', 'input/output error');
      },
    };
    const files = { '/etc/sysctl.d/bad.conf': 'x', '/etc/sysctl.d/good.conf': 'vm.swappiness=1\n' };
    const chain = await observeChain(new MemoryHost(files, { behaviours: [behaviour] }));

    expect(chain.problems).toEqual([
      { file: '/etc/sysctl.d/bad.conf', problem: expect.stringContaining('input/output') },
    ]);
    expect(
      winnerOf(
        rulesOf(chain, 'systemd', () => true),
        'vm/swappiness',
      )?.value,
    ).toBe('1');
  });
});
