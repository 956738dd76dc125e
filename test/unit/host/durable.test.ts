/** What a power cut, another process and a kernel that takes half of a value do to a write: system calls are watched. */
import type * as NodeFs from 'node:fs';
import { linkSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { createLinuxHost } from '../../../src/host/linux/linux-host.ts';
import { writeKernelText } from '../../../src/host/linux/files/kernel-file.ts';
import { LEDGER_PATH, openLedger } from '../../../src/reconcile/ledger/ledger.ts';
import { temporaryDirectory } from '../../support/hosts-alike.ts';

/** What the disk would be asked to keep, in order: `sync PATH`, `rename PATH`. */
const disk = vi.hoisted(() => ({
  log: [] as string[],
  beforeCreate: undefined as ((path: string) => void) | undefined,
  takes: Number.POSITIVE_INFINITY,
}));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof NodeFs>();
  const nameOf = (descriptor: number) => fs.readlinkSync(`/proc/self/fd/${descriptor}`);
  const open = (path: string, flags: number, mode?: number) => {
    if ((flags & fs.constants.O_CREAT) !== 0) disk.beforeCreate?.(path);
    return fs.openSync(path, flags, mode);
  };
  return {
    ...fs,
    openSync: open,
    fsync: (descriptor: number, done: (error: Error | null) => void) => {
      disk.log.push(`sync ${nameOf(descriptor)}`);
      fs.fsync(descriptor, done);
    },
    fsyncSync: (descriptor: number) => {
      disk.log.push(`sync ${nameOf(descriptor)}`);
      fs.fsyncSync(descriptor);
    },
    renameSync: (from: string, to: string) => {
      disk.log.push(`rename ${fs.realpathSync(dirname(to))}/${basename(to)}`);
      fs.renameSync(from, to);
    },
    writeSync: (descriptor: number, bytes: Uint8Array, offset: number, length: number) =>
      fs.writeSync(descriptor, bytes, offset, Math.min(length, disk.takes)),
  };
});

let root: string;
beforeEach(() => {
  root = temporaryDirectory();
  disk.log.length = 0;
  disk.beforeCreate = undefined;
  disk.takes = Number.POSITIVE_INFINITY;
});

test('a file is on the disk before its name is, and its name before the write ends', async () => {
  await createLinuxHost({ root }).writeFile('/etc/new.conf', 'x');

  const own = disk.log.filter((line) => !line.endsWith(`sync ${root}`));
  expect(own.slice(-3)).toEqual([
    `sync ${root}/etc/.new.conf.nodeprep.tmp`,
    `rename ${root}/etc/new.conf`,
    `sync ${root}/etc`,
  ]);
});

test('a directory that a write needs is on the disk in the one above it', async () => {
  await createLinuxHost({ root }).writeFile('/var/lib/nodeprep/x', 'x');

  for (const directory of ['', '/var', '/var/lib']) expect(disk.log).toContain(`sync ${root}${directory}`);
});

test('a removal and a link are on the disk when they are done', async () => {
  const host = createLinuxHost({ root });
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/old'), 'x');

  await host.removeFile('/etc/old');
  expect(disk.log).toEqual([`sync ${root}/etc`]);
  await host.makeLink('/etc/mask', '/dev/null');

  expect(disk.log.slice(1)).toEqual([`rename ${root}/etc/mask`, `sync ${root}/etc`]);
  expect(readlinkSync(join(root, 'etc/mask'))).toBe('/dev/null');
});

test('a file that another process puts under the temporary name is not written to', async () => {
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'victim'), 'precious');
  disk.beforeCreate = (path) => linkSync(join(root, 'victim'), path);

  await expect(createLinuxHost({ root }).writeFile('/etc/a.conf', 'x')).rejects.toThrow('EEXIST');

  expect(readFileSync(join(root, 'victim'), 'utf8')).toBe('precious');
});

test('a value of which the kernel takes only a part is an error that says how much', () => {
  const path = '/proc/self/comm';
  const before = readFileSync(path, 'utf8').trim();
  disk.takes = 3;
  try {
    expect(() => writeKernelText(path, 'abcdef', '')).toThrow('the kernel took only 3 of 6 bytes');
  } finally {
    disk.takes = Number.POSITIVE_INFINITY;
    writeKernelText(path, before, '');
  }
});

test('a file is whole although the disk takes it in small pieces', async () => {
  disk.takes = 3;

  await createLinuxHost({ root }).writeFile('/etc/a.conf', 'a longer text');

  expect(readFileSync(join(root, 'etc/a.conf'), 'utf8')).toBe('a longer text');
});

test('the records can be read by root only, whatever the umask', async () => {
  const ledger = await openLedger(createLinuxHost({ root }), () => new Date());
  const key = 'live:vm.swappiness';

  await ledger.remember('sysctls', [{ key, original: { state: 'value', value: '60' }, wrote: '10' }]);

  expect((statSync(join(root, LEDGER_PATH)).mode & 0o777).toString(8)).toBe('600');
});
