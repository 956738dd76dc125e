import { describe, expect, test } from 'vitest';
import { folderProblem } from '../../../../../../src/areas/boot-parameters/loaders/files/boot-folder.ts';
import { MemoryHost } from '../../../../../../src/host/memory/memory-host.ts';
import { bootHost, bootLoaderOf } from '../../../../../support/boot-trees.ts';

const FSTAB = 'LABEL=a / ext4 rw 0 1\n#LABEL=x /efi vfat rw 0 2\nLABEL=b /boot/firmware vfat defaults 0 2\n';
const FILES = {
  '/etc/fstab': FSTAB,
  '/boot/firmware/cmdline.txt': 'root=/dev/sda quiet',
  '/boot/firmware/config.txt': '',
};

function machine(mounts: string, free?: number): MemoryHost {
  const host = new MemoryHost({ ...FILES, '/proc/1/mounts': mounts });
  if (free !== undefined) host.room = free;
  return host;
}

describe('a boot folder', () => {
  test('that is mounted and has room is good', async () => {
    const host = machine('/dev/a / ext4 rw 0 0\n/dev/b /boot/firmware vfat rw 0 0\n');

    expect(await folderProblem(host, '/boot/firmware')).toBeUndefined();
  });

  test('with files below a mount that is missing is not mounted', async () => {
    const { state } = await bootLoaderOf(machine('/dev/a / ext4 rw 0 0\n'));

    expect(state.problem).toMatchObject({ reason: 'BootFilesystemUnmounted', file: '/boot/firmware' });
    expect(state.problem?.message).toContain('mount /boot/firmware');
  });

  test('of an image counts as mounted when it holds something', async () => {
    expect(await folderProblem(bootHost('pi-os-bookworm'), '/boot/firmware')).toBeUndefined();
    expect(await folderProblem(bootHost('pi-os-unmounted'), '/boot/firmware')).toMatchObject({
      file: '/boot/firmware',
    });
  });

  test('mounted read-only is named with the command', async () => {
    const host = machine('/dev/a / ext4 rw 0 0\n/dev/b /boot/firmware vfat ro,nosuid 0 0\n');

    expect((await folderProblem(host, '/boot/firmware'))?.message).toContain('mount -o remount,rw /boot/firmware');
  });

  test('on a read-only root counts by the mount that holds it', async () => {
    const host = machine('/dev/a / ext4 ro 0 0\n/dev/b /boot/firmware vfat rw 0 0\n');

    expect(await folderProblem(host, '/boot/firmware')).toBeUndefined();
    expect((await folderProblem(host, '/boot/extlinux'))?.message).toContain('read-only');
  });

  test('with less than 1 MiB free takes no write', async () => {
    const host = machine('/dev/b /boot/firmware vfat rw 0 0\n', 1024 * 1024 - 1);

    expect((await folderProblem(host, '/boot/firmware'))?.message).toContain('1023 KiB free');
  });
});

test('a cmdline.txt that a power cut emptied is left to a person', async () => {
  const { state } = await bootLoaderOf(bootHost('pi-os-emptied'));

  expect(state.problem).toMatchObject({ reason: 'BootConfigRejected', file: '/boot/firmware/cmdline.txt' });
});

test('an unmounted /boot/firmware is said although no loader can be seen', async () => {
  const { state } = await bootLoaderOf(bootHost('pi-os-unmounted'));

  expect(state.problem?.reason).toBe('BootFilesystemUnmounted');
  expect(state.entries).toEqual([]);
});
