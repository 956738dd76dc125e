/** What only a real file system can show; the rest of `LinuxHost` is in `test/contract`. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../../../src/host/host.ts';
import { createLinuxHost } from '../../../src/host/linux/linux-host.ts';
import { temporaryDirectory } from '../../support/hosts-alike.ts';
import { inNamespace, inShell, namespaceObstacle } from '../../support/namespace.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('Left out: what needs root to be shown (owners, mounts)');

/** A list that lets one more user read, as setfacl would write it, and a note. */
const SET_ATTRIBUTES = `
import os, struct, sys
entries = [(1, 6, 0xffffffff), (2, 4, 65534), (4, 4, 0xffffffff), (16, 4, 0xffffffff), (32, 4, 0xffffffff)]
acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)
os.setxattr(sys.argv[1], 'system.posix_acl_access', acl)
os.setxattr(sys.argv[1], 'user.note', b'mine')`;
const ATTRIBUTES = `
import os, sys
print({name: os.getxattr(sys.argv[1], name) for name in sorted(os.listxattr(sys.argv[1]))})`;
const python = (script: string, path: string) => execFileSync('python3', ['-c', script, path], { encoding: 'utf8' });
const canSetAttributes = (() => {
  const directory = mkdtempSync(`${tmpdir()}/nodeprep-attributes-`);
  const tried = spawnSync('python3', ['-c', SET_ATTRIBUTES, directory]);
  rmSync(directory, { recursive: true });
  return tried.status === 0;
})();

let root: string;
let host: Host;
const whole = createLinuxHost();

beforeEach(() => {
  root = temporaryDirectory();
  mkdirSync(`${root}/etc`);
  host = createLinuxHost({ root });
});

describe('reading what is no plain file', () => {
  test('a FIFO is refused at once, by either kind of host and by a link', async () => {
    execFileSync('mkfifo', [`${root}/etc/fifo`]);
    symlinkSync('fifo', `${root}/etc/link`);

    for (const path of ['/etc/fifo', '/etc/link']) {
      await expect(host.readFile(path)).rejects.toThrow(/it is a FIFO, a socket or a device/);
      await expect(whole.readFile(root + path)).rejects.toThrow(/it is a FIFO, a socket or a device/);
    }
    await expect(host.writeFile('/etc/fifo', 'x')).rejects.toThrow(/it is a FIFO, a socket or a device/);
    expect(await host.stat('/etc/fifo')).toMatchObject({ type: 'other' });
  });

  test('a socket is refused', async () => {
    const server = createServer().listen(`${root}/s`);

    await expect(host.readFile('/s')).rejects.toThrow(/it is a FIFO, a socket or a device/);

    server.close();
  });

  test('a device is refused, but /dev/null is an empty file', async () => {
    await expect(whole.readFile('/dev/zero')).rejects.toThrow(/it is a FIFO, a socket or a device/);
    expect(await whole.readFile('/dev/null')).toBe('');
  });

  test('a file above 16 MiB is refused before it is read', async () => {
    writeFileSync(`${root}/etc/large`, '');
    truncateSync(`${root}/etc/large`, 2 ** 40);

    await expect(host.readFile('/etc/large')).rejects.toMatchObject({ code: 'EFBIG' });
  });

  test('a path too long for the kernel is an error and not absence', async () => {
    await expect(host.readFile(`/${'a'.repeat(300)}`)).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
    await expect(whole.readFile(`/${'a/'.repeat(3000)}`)).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
  });
});

describe('kernel files', { timeout: 30_000 }, () => {
  test('are read to their end although they say that they are empty', async () => {
    const maps = await whole.readFile('/proc/self/maps');

    expect(statSync('/proc/self/maps').size).toBe(0);
    expect(maps?.endsWith('\n')).toBe(true);
    expect(maps?.split('\n').length).toBeGreaterThan(20);
  });

  test('of a process that has ended are absent', async () => {
    expect(await whole.readFile('/proc/4194305/status')).toBeUndefined();
  });

  test.each(['/etc/hostname', '/proc/../etc/hostname', '/proc', '/sys/', '/procfs/x', '/proc/self/root/etc/hostname'])(
    'are only below /proc and /sys: %s is refused',
    async (path) => {
      await expect(whole.writeKernelFile(path, 'x')).rejects.toThrow(/only files below \/proc and \/sys/);
    },
  );

  test('that do not exist are an error when written, never created', async () => {
    await expect(whole.writeKernelFile('/proc/sys/net/ipv4/no_such_key', '1')).rejects.toMatchObject({
      code: 'ENOENT',
      path: '/proc/sys/net/ipv4/no_such_key',
    });
  });

  const obstacle = namespaceObstacle('net');

  test.skipIf(obstacle !== undefined)(
    'are written in place, and a refused value is told with the old one kept',
    async () => {
      const result = await inNamespace(
        'net',
        '',
        `const host = createLinuxHost();
       await host.writeKernelFile('/proc/sys/net/ipv4/ip_local_port_range', '20000 30000');
       const refused = await host.writeKernelFile('/proc/sys/net/ipv4/ip_local_port_range', '5 4').catch((error) => error);
       const value = await host.readFile('/proc/sys/net/ipv4/ip_local_port_range');
       console.log(JSON.stringify({ value, code: refused.code, message: refused.message }));`,
      );

      expect(result).toEqual({
        value: '20000\t30000\n',
        code: 'EINVAL',
        message: expect.stringContaining('the kernel refuses the value "5 4" and keeps the old one'),
      });
    },
  );

  test.skipIf(obstacle !== undefined)('longer than 64 KiB are read whole', async () => {
    const ports = Array.from({ length: 15_000 }, (_, index) => 1 + 4 * index).join(',');
    const result = await inNamespace(
      'net',
      '',
      `const host = createLinuxHost();
       const ports = Array.from({ length: 15_000 }, (_, index) => 1 + 4 * index).join(',');
       await host.writeKernelFile('/proc/sys/net/ipv4/ip_local_reserved_ports', ports);
       console.log(JSON.stringify(await host.readFile('/proc/sys/net/ipv4/ip_local_reserved_ports')));`,
    );

    expect(ports.length).toBeGreaterThan(64 * 1024);
    expect(result).toBe(`${ports}\n`);
  });

  test('that cannot be told are an error and not absence', async ({ skip }) => {
    const path = '/proc/sys/net/ipv6/conf/all/stable_secret';
    skip((await whole.stat(path)) === undefined, 'there is no IPv6 here');

    const outcome = await whole.readFile(path).catch((error: unknown) => error);

    // Either the secret was set by another user or the kernel says EIO (EACCES to others than root); it must not look absent.
    expect(outcome).toSatisfy(
      (it) => typeof it === 'string' || ['EIO', 'EACCES'].includes((it as { code: string }).code),
    );
  });
});

describe('replacing a file', { timeout: 30_000 }, () => {
  test('keeps set-user-id bits and a mode that the umask would cut', async () => {
    writeFileSync(`${root}/etc/f`, 'x');
    chmodSync(`${root}/etc/f`, 0o4777);

    await inShell(
      'umask 077',
      `const host = createLinuxHost({ root: '${root}' });
       await host.writeFile('/etc/f', 'y');
       await host.writeFile('/etc/new/g', 'y', { mode: 0o664 });
       console.log('{}');`,
    );

    expect((await host.stat('/etc/f'))?.mode).toBe(0o4777);
    expect((await host.stat('/etc/new/g'))?.mode).toBe(0o664);
    expect((await host.stat('/etc/new'))?.mode).toBe(0o755);
  });

  test.skipIf(!isRoot)('keeps the owner', async () => {
    writeFileSync(`${root}/etc/f`, 'x');
    chownSync(`${root}/etc/f`, 1234, 5678);

    await host.writeFile('/etc/f', 'y');

    expect(statSync(`${root}/etc/f`)).toMatchObject({ uid: 1234, gid: 5678 });
  });

  test.skipIf(!canSetAttributes)('keeps its access control list and attributes [needs python3]', async () => {
    writeFileSync(`${root}/etc/f`, 'old');
    python(SET_ATTRIBUTES, `${root}/etc/f`);
    const before = python(ATTRIBUTES, `${root}/etc/f`);

    await whole.writeFile(`${root}/etc/f`, 'new');

    expect(before).toContain('system.posix_acl_access');
    expect(before).toContain('user.note');
    expect(python(ATTRIBUTES, `${root}/etc/f`)).toBe(before);
    expect(readFileSync(`${root}/etc/f`, 'utf8')).toBe('new');
    expect(Date.now() - statSync(`${root}/etc/f`).mtimeMs).toBeLessThan(60_000);
  });

  test('is refused while it has other names, when asked to, and the other way is said', async () => {
    writeFileSync(`${root}/etc/f`, 'old');
    linkSync(`${root}/etc/f`, `${root}/etc/other`);

    await expect(host.writeFile('/etc/f', 'new', { onlyName: true })).rejects.toMatchObject({
      code: 'EMLINK',
      message: expect.stringContaining('find / -xdev -samefile /etc/f'),
    });
    expect(readFileSync(`${root}/etc/f`, 'utf8')).toBe('old');

    await host.writeFile('/etc/f', 'new');
    expect(readFileSync(`${root}/etc/other`, 'utf8')).toBe('old');
  });

  test('that is immutable says so and what to do', async ({ skip }) => {
    writeFileSync(`${root}/etc/f`, 'old');
    const immutable = spawnSync('sh', ['-c', 'chattr +i "$0"', `${root}/etc/f`]).status === 0;
    skip(!immutable, 'this file system or user cannot make a file immutable');

    const told = await host.writeFile('/etc/f', 'new').catch((error: unknown) => error);
    spawnSync('sh', ['-c', 'chattr -i "$0"', `${root}/etc/f`]);

    expect(told).toMatchObject({ code: 'EPERM', message: expect.stringContaining('chattr -i') });
    expect(await host.listDirectory('/etc')).toEqual(['f']);
    expect(await host.readFile('/etc/f')).toBe('old');
  });

  test('gives a new inode, so that a reader with the old file open reads it to the end', async () => {
    writeFileSync(`${root}/etc/f`, 'old');
    linkSync(`${root}/etc/f`, `${root}/etc/backup`);

    await host.writeFile('/etc/f', 'new');

    expect(readFileSync(`${root}/etc/backup`, 'utf8')).toBe('old');
    expect(readFileSync(`${root}/etc/f`, 'utf8')).toBe('new');
  });

  test('stops when a directory has the temporary name, and leaves both alone', async () => {
    writeFileSync(`${root}/etc/f`, 'old');
    mkdirSync(`${root}/etc/.f.nodeprep.tmp/full`, { recursive: true });

    await expect(host.writeFile('/etc/f', 'new')).rejects.toMatchObject({ name: 'HostFileError', path: '/etc/f' });

    expect(readFileSync(`${root}/etc/f`, 'utf8')).toBe('old');
  });
});

describe('a disk that does not take it', { timeout: 30_000 }, () => {
  const obstacle = namespaceObstacle('mount');
  const look = `
    import { readdirSync } from 'node:fs';
    const outcome = async (path, text) => host.writeFile(path, text).then(() => 'written', ({ code, message }) => ({ code, message }));
    const host = createLinuxHost({ root: process.env.DIR });`;

  test.skipIf(obstacle !== undefined)(
    'when full leaves the old file and no temporary one, and says what to do',
    async () => {
      const result = await inNamespace(
        'mount',
        `export DIR=${root}; mount -t tmpfs -o size=64k tmpfs "$DIR"; mkdir "$DIR/etc"; echo old > "$DIR/etc/f"`,
        `${look}
       const told = await outcome('/etc/f', 'x'.repeat(100_000));
       console.log(JSON.stringify({ ...told, text: await host.readFile('/etc/f'), names: readdirSync(process.env.DIR + '/etc') }));`,
      );

      expect(result).toEqual({
        code: 'ENOSPC',
        message: expect.stringMatching(/^Cannot write "\/.*\/etc\/f": no space is left .*"df -i"/),
        text: 'old\n',
        names: ['f'],
      });
    },
  );

  test.skipIf(obstacle !== undefined)('when read-only is told as such, for every kind of change', async () => {
    const result = await inNamespace(
      'mount',
      `export DIR=${root}; mount -t tmpfs tmpfs "$DIR"; mkdir "$DIR/etc"; echo old > "$DIR/etc/f"; mount -o remount,bind,ro "$DIR"`,
      `${look}
       const changes = [outcome('/etc/f', 'x'), outcome('/etc/new/f', 'x'), host.removeFile('/etc/f').catch((error) => error),
         host.makeLink('/etc/l', 'f').catch((error) => error)];
       const codes = (await Promise.all(changes)).map(({ code }) => code);
       console.log(JSON.stringify({ codes, text: await host.readFile('/etc/f') }));`,
    );

    expect(result).toEqual({ codes: ['EROFS', 'EROFS', 'EROFS', 'EROFS'], text: 'old\n' });
  });

  test.skipIf(!isRoot)('and a file that may not be read is an error and not absence', () => {
    chmodSync(root, 0o755);
    writeFileSync(`${root}/etc/shadow`, 'x', { mode: 0o600 });
    mkdirSync(`${root}/closed`, { mode: 0o700 });
    writeFileSync(`${root}/script.ts`, unprivileged(root));

    const told = execFileSync(process.execPath, [`${root}/script.ts`], { encoding: 'utf8' });

    expect(JSON.parse(told)).toEqual(['EACCES', 'EACCES', 'EACCES', 'EACCES', 'EACCES']);
  });
});

/** Loads what it needs as root, since the checkout may be closed to others, and then is nobody. */
const unprivileged = (directory: string) => `
  import { createLinuxHost } from '${process.cwd()}/src/host/linux/linux-host.ts';
  process.setgid(65534);
  process.setuid(65534);
  const codes = [];
  for (const [root, below] of [['${directory}', ''], ['/', '${directory}']]) {
    const host = createLinuxHost({ root });
    codes.push(await host.readFile(below + '/etc/shadow').then(String, (error) => error.code));
    codes.push(await host.readFile(below + '/closed/x').then(String, (error) => error.code));
  }
  codes.push(await createLinuxHost({ root: '${directory}' }).writeFile('/etc/f', 'x').then(String, (error) => error.code));
  console.log(JSON.stringify(codes));
`;
