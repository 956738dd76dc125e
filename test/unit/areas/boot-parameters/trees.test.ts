/** Every tree that can be edited, through engine and ledger: declared, kept over a kernel update, and taken back. */
import { describe, expect, test } from 'vitest';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { bootSpec, passBoot } from '../../../support/boot-pass.ts';
import { bootHost, bootLoaderOf, bootTree } from '../../../support/boot-trees.ts';

const spec = bootSpec({ name: 'np_test', value: '1' });
const NOTHING = bootSpec();
const EDITED = [
  'arch-systemd-boot',
  'debian-12-systemd-boot',
  'debian-12-systemd-boot-cmdline',
  'debian-12-u-boot-menu',
  'debian-12-u-boot-menu-kernel-cmdline',
  'debian-12-u-boot-menu-set',
  'el8',
  'el9',
  'fedora-40',
  'pi-debian-12',
  'pi-debian-12-extra',
  'pi-os-bookworm',
  'pi-os-bullseye',
  'pi-os-no-line-end',
  'pi-os-windows-line-end',
  'pi-ubuntu-22.04',
  'pi-ubuntu-25.10',
  'pi-ubuntu-25.10-new-kernel',
];
const LEFT_ALONE: readonly (readonly [tree: string, reason: string])[] = [
  ['el8-no-kernelopts', 'BootConfigRejected'],
  ['fedora-coreos', 'HostUnsupported'],
  ['fedora-uki', 'Unsupported'],
  ['no-loader', 'HostUnsupported'],
  ['pi-os-emptied', 'BootConfigRejected'],
  ['pi-os-unmounted', 'BootFilesystemUnmounted'],
  ['two-loaders', 'BootLoaderUnclear'],
];

/** All files but the copies that are kept for a person with another computer. */
const filesOf = (host: ReturnType<typeof bootHost>) =>
  Object.fromEntries(
    [...host.nodes.keys()]
      .filter((path) => host.text(path) !== undefined && !/^\/var\/lib\/nodeprep\/|\.nodeprep-before$/.test(path))
      .map((path) => [path, host.text(path)]),
  );

describe.each(EDITED)('%s', (tree) => {
  test('has the word at every start, and keeps the files as they were', async () => {
    const host = bootHost(tree);

    const report = await passBoot(host, spec);
    const again = await passBoot(host, spec);

    const { state } = await bootLoaderOf(host);
    expect(report.blocked).toEqual([]);
    expect(state.entries.every(({ commandLine }) => commandLine.split(' ').includes('np_test=1'))).toBe(true);
    expect(again.applied).toEqual([]);
    for (const { path, isOnBoot } of state.files) {
      const before = bootTree(tree)[path];
      if (isOnBoot === true && before !== host.text(path)) expect(host.text(`${path}.nodeprep-before`)).toBe(before);
    }
  });

  test('is byte for byte as before once nothing is declared', async () => {
    const host = bootHost(tree);

    await passBoot(host, spec);
    await passBoot(host, NOTHING);

    expect(filesOf(host)).toEqual(bootTree(tree));
  });
});

test.each(LEFT_ALONE)('%s is left alone and said, with what to do by hand (%s)', async (tree, reason) => {
  const host = bootHost(tree);

  const report = await passBoot(host, spec);

  expect(report.blocked.map((one) => one.reason)).toEqual([reason]);
  expect(report.blocked[0]?.message).toContain('np_test=1');
  expect(filesOf(host)).toEqual(bootTree(tree));
});

test('the entry of a kernel that was installed meanwhile loses the word with the others', async () => {
  const host = bootHost('fedora-40');
  await passBoot(host, spec);
  const entries = '/boot/loader/entries';
  const name = (await host.listDirectory(entries))?.find((one) => one.endsWith('6.8.9-300.fc40.x86_64.conf'));
  const newer = `${entries}/${name}`.replaceAll('6.8.9-300', '6.9.1-200');
  host.put(newer, host.text(`${entries}/${name}`)?.replaceAll('6.8.9-300', '6.9.1-200'));

  await passBoot(host, bootSpec({ name: 'np_test', value: '2' }));
  expect(host.text(newer)).toContain('np_test=2');
  await passBoot(host, NOTHING);

  expect(host.text(newer)).not.toContain('np_test');
  expect(host.text('/etc/kernel/cmdline')).toBe(bootTree('fedora-40')['/etc/kernel/cmdline']);
});

test('a new kernel without the word gets it', async () => {
  const host = bootHost('pi-ubuntu-25.10');
  await passBoot(host, spec);
  host.put('/boot/firmware/new/cmdline.txt', bootTree('pi-ubuntu-25.10')['/boot/firmware/current/cmdline.txt']);

  await passBoot(host, spec);

  expect(host.text('/boot/firmware/new/cmdline.txt')).toMatch(/ np_test=1\n$/);
});

describe('a Raspberry Pi whose firmware disables the memory cgroup', () => {
  const dtb = '/boot/firmware/bcm2711-rpi-4-b.dtb';
  const files = {
    ...bootTree('pi-os-bookworm'),
    [dtb]: '\u0001\0coherent_pool=1M cgroup_disable=memory\0',
    '/proc/1/mounts': '/dev/mmcblk0p2 / ext4 rw 0 0\n/dev/mmcblk0p1 /boot/firmware vfat rw 0 0\n',
    '/proc/cmdline': 'coherent_pool=1M cgroup_disable=memory root=PARTUUID=a3f07636-02 rootwait\n',
    '/proc/device-tree/compatible': 'raspberrypi,4-model-b\0brcm,bcm2711\0',
    '/proc/sys/kernel/random/boot_id': 'first-boot\n',
    '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io pids\n',
  };
  const preset = bootSpec(
    { name: 'cgroup_enable', value: 'memory' },
    { name: 'cgroup_disable', value: 'memory', state: 'Absent' },
  );
  const reboot = (host: MemoryHost, controllers: string) => {
    host.put('/proc/cmdline', `coherent_pool=1M cgroup_disable=memory ${host.text('/boot/firmware/cmdline.txt')}`);
    host.put('/proc/sys/kernel/random/boot_id', 'second-boot\n');
    host.put('/sys/fs/cgroup/cgroup.controllers', controllers);
  };

  test('waits for a reboot, and is in sync once the controller is there', async () => {
    const host = new MemoryHost(files);

    const before = await passBoot(host, preset);
    reboot(host, 'cpuset cpu io memory pids\n');
    const after = await passBoot(host, preset);

    expect([before.conflicts, before.blocked]).toEqual([[], []]);
    expect(before.deferred.map(({ reason }) => reason)).toEqual(['BootParameters', 'BootParameters']);
    expect(after.entries.map(({ state }) => state)).toEqual(['InSync', 'InSync']);
    expect([after.deferred, after.blocked, after.conflicts]).toEqual([[], [], []]);
  });

  test('names the device tree when the reboot did not help', async () => {
    const host = new MemoryHost(files);

    await passBoot(host, preset);
    reboot(host, 'cpuset cpu io pids\n');
    const after = await passBoot(host, preset);

    expect(after.blocked.map(({ reason }) => reason)).toEqual(['RebootIneffective', 'RebootIneffective']);
    expect(after.blocked.some(({ message }) => message.includes(`adds it from ${dtb}`))).toBe(true);
    expect(after.deferred).toEqual([]);
  });
});

test('a word of the administrator survives that it was declared, then unwanted, and then neither', async () => {
  const host = bootHost('pi-os-k3s-guide');
  const declared = { name: 'cgroup_enable', value: 'memory' };

  await passBoot(host, bootSpec(declared, { name: 'np_test', value: '1' }));
  await passBoot(host, bootSpec({ name: 'cgroup_enable', state: 'Absent' }));
  expect(host.text('/boot/firmware/cmdline.txt')).not.toContain('cgroup_enable');
  const report = await passBoot(host, NOTHING);

  expect(report.failures).toEqual([]);
  expect(filesOf(host)).toEqual(bootTree('pi-os-k3s-guide'));
});

test.each([
  [
    'by its name and then by its value',
    { name: 'pci', state: 'Absent' },
    { name: 'pci', value: 'noaer', state: 'Absent' },
  ],
  ['and then set to another value', { name: 'audit', state: 'Absent' }, { name: 'audit', value: '1' }],
] as const)('a word of others that was taken off %s comes back with the files', async (_, first, second) => {
  const host = bootHost('pi-os-bookworm');
  const path = '/boot/firmware/cmdline.txt';
  const before = `${bootTree('pi-os-bookworm')[path]?.trimEnd()} audit=2 pci=noaer\n`;
  host.put(path, before);

  await passBoot(host, bootSpec(first));
  await passBoot(host, bootSpec(second));
  const report = await passBoot(host, NOTHING);

  expect(report.failures).toEqual([]);
  expect(host.text(path)).toBe(before);
});
