/** What every `Host` promises when it changes something, see `host-reading.test.ts`. */
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { CommandMissingError, HostFileError } from '../../src/host/errors.ts';
import { directoryHosts, hosts } from '../support/hosts-alike.ts';

describe.each(hosts)('$name', ({ create }) => {
  describe('writing a file', () => {
    test('creates it with mode 0644 and the directories above it with 0755', async () => {
      const host = create({});

      await host.writeFile('/var/lib/nodeprep/ledger.json', '{"ü":1}');

      expect(await host.readFile('/var/lib/nodeprep/ledger.json')).toBe('{"ü":1}');
      expect(await host.stat('/var/lib/nodeprep/ledger.json')).toMatchObject({ type: 'file', mode: 0o644, size: 8 });
      expect(await host.stat('/var/lib/nodeprep')).toMatchObject({ type: 'directory', mode: 0o755 });
    });

    test('gives a new file the mode asked for, and an existing file keeps its own', async () => {
      const host = create({ '/etc/old': 'x' });

      await host.writeFile('/etc/new', 'secret', { mode: 0o600 });
      await host.writeFile('/etc/new', 'changed', { mode: 0o666 });
      await host.writeFile('/etc/old', 'y', { mode: 0o600 });

      expect(await host.stat('/etc/new')).toMatchObject({ mode: 0o600 });
      expect(await host.readFile('/etc/new')).toBe('changed');
      expect(await host.stat('/etc/old')).toMatchObject({ mode: 0o644 });
    });

    test('leaves no other file in the directory', async () => {
      const host = create({ '/etc/a': 'x' });

      await host.writeFile('/etc/a', 'y');
      await host.writeFile('/etc/b', 'y');

      expect(await host.listDirectory('/etc')).toEqual(['a', 'b']);
    });

    test('takes away what a crash left of an earlier write', async () => {
      const host = create({ '/etc/a': 'x', '/etc/.a.nodeprep.tmp': 'hal' });

      await host.writeFile('/etc/a', 'whole');

      expect(await host.readFile('/etc/a')).toBe('whole');
      expect(await host.listDirectory('/etc')).toEqual(['a']);
    });

    test('never goes through a link, dangling or not', async () => {
      const host = create({
        '/etc/target': 'x',
        '/etc/link': { link: 'target' },
        '/etc/dangling': { link: 'gone' },
        '/etc/masked': { link: '/dev/null' },
      });

      for (const path of ['/etc/link', '/etc/dangling', '/etc/masked']) {
        await expect(host.writeFile(path, 'y')).rejects.toMatchObject({ name: 'HostFileError', code: 'ELOOP', path });
      }

      expect(await host.readFile('/etc/target')).toBe('x');
      expect(await host.listDirectory('/etc')).toEqual(['dangling', 'link', 'masked', 'target']);
    });

    test('refuses a file with other names only when it is asked to', async () => {
      const host = create({ '/etc/fstab': 'x' });
      await host.writeFile('/etc/fstab', 'y', { onlyName: true });

      expect(await host.readFile('/etc/fstab')).toBe('y');
      expect(await host.stat('/etc/fstab')).toMatchObject({ links: 1 });
    });

    test('goes through a link of a parent that stays on the host', async () => {
      const host = create({ '/usr/lib/udev': null, '/lib': { link: 'usr/lib' } });

      await host.writeFile('/lib/udev/rules.d/x.rules', 'r');

      expect(await host.readFile('/usr/lib/udev/rules.d/x.rules')).toBe('r');
      expect(await host.readLink('/lib')).toBe('usr/lib');
    });

    test('refuses a directory in its place and a file in the place of a parent', async () => {
      const host = create({ '/etc/d/x': '1', '/etc/f': '2' });

      await expect(host.writeFile('/etc/d', 'y')).rejects.toMatchObject({ code: 'EISDIR' });
      await expect(host.writeFile('/etc/f/below', 'y')).rejects.toMatchObject({ code: 'ENOTDIR' });
      await expect(host.writeFile('/etc/f/far/below', 'y')).rejects.toMatchObject({ code: 'ENOTDIR' });

      expect(await host.readFile('/etc/d/x')).toBe('1');
      expect(await host.readFile('/etc/f')).toBe('2');
    });

    test('takes two writes of one file at once, and the later one wins', async () => {
      const host = create({});

      await Promise.all([host.writeFile('/etc/a', 'first'.repeat(9999)), host.writeFile('/etc/a', 'second')]);

      expect(await host.readFile('/etc/a')).toBe('second');
      expect(await host.listDirectory('/etc')).toEqual(['a']);
    });
  });

  describe('installing a file from pieces', () => {
    const pieces = (...texts: string[]) => Readable.from(texts.map((text) => Buffer.from(text)));

    test('writes all of them in order, with the mode asked for', async () => {
      const host = create({});

      await host.installFile('/usr/local/lib/x/program', pieces('one,', '', 'two'), 0o755);

      expect(await host.readFile('/usr/local/lib/x/program')).toBe('one,two');
      expect(await host.stat('/usr/local/lib/x/program')).toMatchObject({ type: 'file', mode: 0o755, size: 7 });
    });

    test('gives it the sum of its bytes, also through a link', async () => {
      const host = create({ '/bin/link': { link: 'program' }, '/etc': null });
      expect(await host.sumOf('/bin/link')).toBeUndefined();
      expect(await host.sumOf('/etc/none')).toBeUndefined();

      await host.installFile('/bin/program', pieces('a', 'bc'), 0o755);

      const sum = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
      expect(await host.sumOf('/bin/program')).toBe(sum);
      expect(await host.sumOf('/bin/link')).toBe(sum);
      await expect(host.sumOf('/etc')).rejects.toMatchObject({ name: 'HostFileError', path: '/etc' });
    });

    test('replaces an old file together with its mode', async () => {
      const host = create({ '/bin/program': 'old and longer' });

      await host.installFile('/bin/program', pieces('new'), 0o755);

      expect(await host.readFile('/bin/program')).toBe('new');
      expect(await host.stat('/bin/program')).toMatchObject({ mode: 0o755 });
    });

    test('leaves the old file and nothing else when the source fails midway', async () => {
      const host = create({ '/bin/program': 'old' });
      async function* failing() {
        yield Buffer.from('half');
        throw new Error('the source is gone');
      }

      await expect(host.installFile('/bin/program', failing(), 0o755)).rejects.toThrow(/the source is gone/);

      expect(await host.readFile('/bin/program')).toBe('old');
      expect(await host.listDirectory('/bin')).toEqual(['program']);
    });

    test('never goes through a link', async () => {
      const host = create({ '/bin/target': 'x', '/bin/link': { link: 'target' } });

      await expect(host.installFile('/bin/link', pieces('y'), 0o755)).rejects.toMatchObject({ code: 'ELOOP' });

      expect(await host.readFile('/bin/target')).toBe('x');
    });
  });

  describe('links and removal', () => {
    test('makes a link with its directories, dangling or not', async () => {
      const host = create({});

      await host.makeLink('/etc/systemd/system/swap.target', '/dev/null');

      expect(await host.readLink('/etc/systemd/system/swap.target')).toBe('/dev/null');
      expect(await host.listDirectory('/etc/systemd/system')).toEqual(['swap.target']);
    });

    test('replaces a link and a file, but never a directory', async () => {
      const host = create({ '/etc/l': { link: 'a' }, '/etc/f': 'x', '/etc/d/y': '' });

      await host.makeLink('/etc/l', 'b');
      await host.makeLink('/etc/f', 'b');
      await expect(host.makeLink('/etc/d', 'b')).rejects.toMatchObject({ code: 'EISDIR' });

      expect(await host.readLink('/etc/l')).toBe('b');
      expect(await host.readLink('/etc/f')).toBe('b');
      expect(await host.listDirectory('/etc')).toEqual(['d', 'f', 'l']);
    });

    test.each(['', 'a\0b'])('refuses the target %j', async (target) => {
      const host = create({ '/etc/l': { link: 'a' } });

      await expect(host.makeLink('/etc/l', target)).rejects.toBeInstanceOf(HostFileError);

      expect(await host.readLink('/etc/l')).toBe('a');
    });

    test('removes a file, and removing it again is fine', async () => {
      const host = create({ '/etc/f': 'x', '/etc/g': 'y' });

      await host.removeFile('/etc/f');
      await host.removeFile('/etc/f');
      await host.removeFile('/nope/at/all');
      await host.removeFile('/etc/g/below');

      expect(await host.listDirectory('/etc')).toEqual(['g']);
      expect(await host.listDirectory('/')).toEqual(['etc']);
    });

    test('removes a link and not what it leads to', async () => {
      const host = create({ '/etc/f': 'x', '/etc/l': { link: 'f' }, '/alias': { link: 'etc' } });

      await host.removeFile('/alias/l');

      expect(await host.listDirectory('/etc')).toEqual(['f']);
    });

    test('does not remove a directory as a file', async () => {
      const host = create({ '/etc/d': null });

      await expect(host.removeFile('/etc/d')).rejects.toMatchObject({ code: 'EISDIR' });

      expect(await host.listDirectory('/etc')).toEqual(['d']);
    });

    test('removes a directory only when it is one and empty', async () => {
      const host = create({ '/etc/d': null, '/etc/full/x': '', '/etc/f': '', '/etc/l': { link: 'd' } });

      for (const name of ['full', 'f', 'l', 'd', 'd', 'none']) await host.removeDirectory(`/etc/${name}`);

      expect(await host.listDirectory('/etc')).toEqual(['f', 'full', 'l']);
      expect(await host.listDirectory('/etc/full')).toEqual(['x']);
    });
  });
});

describe.each(directoryHosts)('$name without a running kernel', ({ create }) => {
  test('is captured when the lists of a kernel are there and absent otherwise', () => {
    expect(create({ '/proc/modules': 'overlay 1 0 - Live 0x0\n' }).kernel).toBe('captured');
    expect(create({ '/etc/fstab': '' }).kernel).toBe('absent');
  });

  test('reads captured kernel files but never writes them', async () => {
    const host = create({ '/proc/modules': 'overlay 1 0\n', '/proc/sys/net/ipv4/ip_forward': '0\n' });

    await expect(host.writeKernelFile('/proc/sys/net/ipv4/ip_forward', '1')).rejects.toMatchObject({ code: 'EROFS' });

    expect(await host.readFile('/proc/sys/net/ipv4/ip_forward')).toBe('0\n');
  });

  test('runs no command at all', async () => {
    const host = create({ '/bin/true': '' });

    await expect(host.run(['true'])).rejects.toBeInstanceOf(CommandMissingError);
    await expect(host.query(['systemctl', 'show'])).rejects.toBeInstanceOf(CommandMissingError);
  });
});
