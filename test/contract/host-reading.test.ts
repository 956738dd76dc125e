/** What every `Host` promises: `MemoryHost` stands for the machine in all other tests, so it must behave like one. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { HostFileError } from '../../src/host/errors.ts';
import { hosts } from '../support/hosts-alike.ts';

describe.each(hosts)('$name', ({ create }) => {
  test('tells how much room there is for files in a directory, and of none that it is absent', async () => {
    const host = create({ '/boot/firmware/cmdline.txt': 'quiet' });

    expect(await host.freeBytes('/boot/firmware')).toBeGreaterThan(0);
    expect(await host.freeBytes('/boot/efi')).toBeUndefined();
  });

  describe('reading a file', () => {
    test('gives its text', async () => {
      const host = create({ '/etc/fstab': 'tmpfs /tmp – ünïcode\n' });

      expect(await host.readFile('/etc/fstab')).toBe('tmpfs /tmp – ünïcode\n');
    });

    test.each(['/etc/nope', '/nope/deep/down', '/etc/fstab/below', '/etc/fstab/below/it'])(
      'says that %s is absent by undefined',
      async (path) => {
        const host = create({ '/etc/fstab': '' });

        expect(await host.readFile(path)).toBeUndefined();
      },
    );

    test('tells an empty file from an absent one', async () => {
      const host = create({ '/etc/empty': '' });

      expect(await host.readFile('/etc/empty')).toBe('');
    });

    test('of a directory is an error and not absence', async () => {
      const host = create({ '/etc/sysctl.d': null });

      await expect(host.readFile('/etc/sysctl.d')).rejects.toMatchObject({
        name: 'HostFileError',
        code: 'EISDIR',
        path: '/etc/sysctl.d',
      });
    });

    test('follows relative and absolute links, in every part of the path', async () => {
      const host = create({
        '/usr/lib/os-release': 'ID=debian\n',
        '/etc/os-release': { link: '../usr/lib/os-release' },
        '/lib': { link: 'usr/lib' },
        '/etc/release': { link: '/lib/os-release' },
      });

      expect(await host.readFile('/etc/os-release')).toBe('ID=debian\n');
      expect(await host.readFile('/lib/os-release')).toBe('ID=debian\n');
      expect(await host.readFile('/etc/release')).toBe('ID=debian\n');
      expect(await host.readFile('/lib/../lib/./os-release')).toBe('ID=debian\n');
    });

    test('finds nothing behind a dangling link', async () => {
      const host = create({ '/etc/dangling': { link: 'nowhere' } });

      expect(await host.readFile('/etc/dangling')).toBeUndefined();
    });

    test('finds an empty file behind a link to /dev/null, by which administrators mask files', async () => {
      const host = create({ '/etc/sysctl.d/10-masked.conf': { link: '/dev/null' } });

      expect(await host.readFile('/etc/sysctl.d/10-masked.conf')).toBe('');
      expect(await host.readLink('/etc/sysctl.d/10-masked.conf')).toBe('/dev/null');
      expect(await host.realPath('/etc/sysctl.d/10-masked.conf')).toBe('/dev/null');
      expect(await host.stat('/etc/sysctl.d/10-masked.conf')).toMatchObject({ type: 'link' });
    });

    test('by links that lead in a circle is an error and not absence', async () => {
      const host = create({ '/etc/a': { link: 'b' }, '/etc/b': { link: '/etc/a' } });

      await expect(host.readFile('/etc/a')).rejects.toMatchObject({ code: 'ELOOP' });
      await expect(host.listDirectory('/etc/a')).rejects.toMatchObject({ code: 'ELOOP' });
      await expect(host.realPath('/etc/a')).rejects.toMatchObject({ code: 'ELOOP' });
    });

    test('replaces what is not UTF-8, but keeps every byte when asked to', async () => {
      const every = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
      const host = create({});
      await host.writeFile('/etc/fstab', every, { encoding: 'bytes' });

      expect(await host.readFile('/etc/fstab', 'bytes')).toBe(every);
      expect(await host.readFile('/etc/fstab')).toContain('\uFFFD');
      expect((await host.stat('/etc/fstab'))?.size).toBe(256);
    });

    test.each(['\n', '\r', '\0'])(
      'of more lines than settings have is an error, with %j at their ends',
      async (end) => {
        const host = create({ '/etc/fstab': `#${end}`.repeat(10_001), '/etc/few': `#${end}`.repeat(9999) });

        await expect(host.readFile('/etc/fstab')).rejects.toMatchObject({ code: 'EFBIG', path: '/etc/fstab' });
        await expect(host.readFile('/etc/fstab', 'bytes')).rejects.toMatchObject({ code: 'EFBIG' });
        expect((await host.readFile('/etc/few'))?.length).toBe(19_998);
      },
    );

    test('of more bytes than settings have is an error', async () => {
      const host = create({ '/etc/fstab': '#'.repeat(2 * 1024 * 1024 + 1) });

      await expect(host.readFile('/etc/fstab')).rejects.toMatchObject({ code: 'EFBIG', path: '/etc/fstab' });
    });

    test.each(['etc/fstab', '', '/etc/fs\0tab'])('refuses the path %j', async (path) => {
      const host = create({ '/etc/fstab': '' });

      await expect(host.readFile(path)).rejects.toBeInstanceOf(HostFileError);
      await expect(host.writeFile(path, 'x')).rejects.toBeInstanceOf(HostFileError);
      await expect(host.stat(path)).rejects.toBeInstanceOf(HostFileError);
      expect(existsSync('etc')).toBe(false);
    });
  });

  describe('looking', () => {
    test('lists a directory in the order of character codes, with links and directories', async () => {
      const host = create({ '/d/b': '', '/d/a/x': '', '/d/B': '', '/d/10': '', '/d/9': { link: 'b' } });

      expect(await host.listDirectory('/d')).toEqual(['10', '9', 'B', 'a', 'b']);
      expect(await host.listDirectory('/d/')).toEqual(['10', '9', 'B', 'a', 'b']);
    });

    test('lists an empty directory as empty and an absent one as absent', async () => {
      const host = create({ '/d': null });

      expect(await host.listDirectory('/d')).toEqual([]);
      expect(await host.listDirectory('/e')).toBeUndefined();
      expect(await host.listDirectory('/e/f')).toBeUndefined();
    });

    test('lists through a link', async () => {
      const host = create({
        '/usr/lib/modules/6.1': null,
        '/lib': { link: 'usr/lib' },
        '/m': { link: '/lib/modules' },
      });

      expect(await host.listDirectory('/lib/modules')).toEqual(['6.1']);
      expect(await host.listDirectory('/m')).toEqual(['6.1']);
    });

    test('listing a file is an error and not absence', async () => {
      const host = create({ '/etc/fstab': '' });

      await expect(host.listDirectory('/etc/fstab')).rejects.toMatchObject({ code: 'ENOTDIR' });
      expect(await host.listDirectory('/etc/fstab/x')).toBeUndefined();
    });

    test('tells files, directories and links apart without following the last one', async () => {
      const host = create({ '/etc/f': 'four', '/etc/d': null, '/etc/l': { link: 'f' }, '/alias': { link: 'etc' } });

      const owner = process.geteuid?.() === 0 ? 0 : expect.any(Number);
      expect(await host.stat('/etc/f')).toEqual({
        type: 'file',
        modifiedMs: expect.any(Number),
        mode: 0o644,
        size: 4,
        owner,
        links: 1,
      });
      expect(await host.stat('/etc/d')).toMatchObject({ type: 'directory', mode: 0o755 });
      expect(await host.stat('/etc/l')).toMatchObject({ type: 'link', size: 1 });
      expect(await host.stat('/alias/l')).toMatchObject({ type: 'link' });
      expect(await host.stat('/')).toMatchObject({ type: 'directory' });
      expect(await host.stat('/etc/none')).toBeUndefined();
      expect(await host.stat('/etc/f/none')).toBeUndefined();
    });

    test('reads a link as it is written, and only links', async () => {
      const host = create({ '/etc/l': { link: '../etc/./f' }, '/etc/f': '', '/alias': { link: 'etc' } });

      expect(await host.readLink('/etc/l')).toBe('../etc/./f');
      expect(await host.readLink('/alias/l')).toBe('../etc/./f');
      expect(await host.readLink('/etc/f')).toBeUndefined();
      expect(await host.readLink('/etc/none')).toBeUndefined();
      expect(await host.readLink('/')).toBeUndefined();
    });

    test('resolves every link of a path', async () => {
      const host = create({
        '/usr/lib/f': '',
        '/lib': { link: 'usr/lib' },
        '/etc/l': { link: '/lib/f' },
        '/gone': { link: 'no' },
      });

      expect(await host.realPath('/etc/l')).toBe('/usr/lib/f');
      expect(await host.realPath('/lib/../../lib')).toBe('/usr/lib');
      expect(await host.realPath('/')).toBe('/');
      expect(await host.realPath('/gone')).toBeUndefined();
      expect(await host.realPath('/etc/none')).toBeUndefined();
    });
  });
});
