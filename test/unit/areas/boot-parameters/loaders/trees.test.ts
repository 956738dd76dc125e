import { describe, expect, test } from 'vitest';
import type { WantedWords } from '../../../../../src/areas/boot-parameters/words.ts';
import { bootHost, bootLoaderOf, bootLoadersOf, bootTree, writeEdit } from '../../../../support/boot-trees.ts';

const LOADER_INFO = '/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';
const MEMORY: WantedWords = { present: ['cgroup_enable=memory'], absent: [] };

const loadersOf = (tree: string) => bootLoadersOf(bootHost(tree));

async function edited(tree: string, wanted: WantedWords = MEMORY, more: Readonly<Record<string, string>> = {}) {
  const host = bootHost(tree, more);
  const { loader, state } = await bootLoaderOf(host);
  const edit = loader.edit(state, wanted);
  writeEdit(host, edit);
  const after = await bootLoaderOf(host);
  return { host, edit, entries: after.state.entries, written: edit.files.map(({ path }) => path) };
}

test.each([
  ['arch-systemd-boot', 'systemd-boot'],
  ['debian-12-systemd-boot', 'systemd-boot'],
  ['debian-12-u-boot-menu', 'U-Boot with u-boot-menu'],
  ['el8', 'GRUB with boot loader entries'],
  ['el9', 'GRUB with boot loader entries'],
  ['fedora-40', 'GRUB with boot loader entries'],
  ['fedora-coreos', 'ostree'],
  ['pi-debian-12', 'Raspberry Pi firmware (Debian)'],
  ['pi-os-bookworm', 'Raspberry Pi firmware'],
  ['pi-os-bullseye', 'Raspberry Pi firmware'],
  ['pi-ubuntu-22.04', 'Raspberry Pi firmware'],
  ['pi-ubuntu-25.10', 'Raspberry Pi firmware (Ubuntu)'],
])('%s boots by %s alone', async (tree, name) => {
  const used = await loadersOf(tree);

  expect(used.map(({ loader }) => loader.name)).toEqual([name]);
  expect(used[0]?.state.problem).toBeUndefined();
  expect(used[0]?.state.entries[0]?.isDefault).toBe(true);
});

test('a host without a loader that is known has none', async () => {
  expect(await loadersOf('no-loader')).toEqual([]);
});

test('two loaders on one host are both seen', async () => {
  expect(await loadersOf('two-loaders')).toHaveLength(2);
});

test.each([
  ['systemd-boot 252', ['systemd-boot']],
  ['GRUB 2.12', ['GRUB with boot loader entries']],
  ['unknown', ['systemd-boot', 'GRUB with boot loader entries']],
])('of two loaders the one that says it started the system (%s) counts', async (info, names) => {
  const host = bootHost('two-loaders');
  const text = Buffer.from(`${info}\0`, 'utf16le').toString('latin1');
  await host.writeFile(LOADER_INFO, `\u0006\0\0\0${text}`, { encoding: 'bytes' });

  expect((await bootLoadersOf(host)).map(({ loader }) => loader.name)).toEqual(names);
});

describe('an edited Raspberry Pi', () => {
  test.each([
    'pi-os-bookworm',
    'pi-os-bullseye',
    'pi-os-no-line-end',
    'pi-os-windows-line-end',
    'pi-os-guide-second-line',
    'pi-ubuntu-22.04',
  ])('has the word at the end of its first line (%s)', async (tree) => {
    const { host, written, entries } = await edited(tree);

    const path = written[0] as string;
    const [first = '', ...rest] = (bootTree(tree)[path] as string).split(/(?=\r?\n)/);
    expect(host.text(path)).toBe([`${first} cgroup_enable=memory`, ...rest].join(''));
    expect(entries[0]?.commandLine).toMatch(/ cgroup_enable=memory$/);
  });

  test('stays as it is when the word stands there', async () => {
    expect((await edited('pi-os-k3s-guide')).written).toEqual([]);
  });

  test('with Debian keeps the word over the next kernel update', async () => {
    const { host, written } = await edited('pi-debian-12');

    expect(written).toEqual(['/etc/default/raspi-extra-cmdline', '/boot/firmware/cmdline.txt']);
    expect(host.text('/etc/default/raspi-extra-cmdline')).toBe('cgroup_enable=memory\n');
  });

  test('with Debian gets no second line, and no word behind one', async () => {
    const extra = '/etc/default/raspi-extra-cmdline';

    expect((await edited('pi-debian-12-extra')).host.text(extra)).toBe(
      'elevator=deadline cgroup_memory=1 cgroup_enable=memory\n',
    );
    expect((await edited('pi-debian-12-extra-two-lines')).host.text(extra)).toBe(
      'elevator=deadline cgroup_enable=memory\ncgroup_enable=memory\n',
    );
  });

  test('with Debian names the script that sets a word itself', async () => {
    const { state } = await bootLoaderOf(bootHost('pi-debian-12'));

    const template = state.sources.find(({ isEditable }) => !isEditable);
    expect(template?.file).toBe('/etc/kernel/postinst.d/z50-raspi-firmware');
    expect(template?.words).toContain('net.ifnames=0');
  });

  test('with Ubuntu has the word in the kernel that is tried next, too', async () => {
    const { written } = await edited('pi-ubuntu-25.10-new-kernel');

    expect(written).toEqual(['/boot/firmware/current/cmdline.txt', '/boot/firmware/new/cmdline.txt']);
  });

  test('names the device tree from which the firmware disables the memory cgroup', async () => {
    const dtb = '/boot/firmware/bcm2711-rpi-4-b.dtb';
    const host = bootHost('pi-os-bookworm', {
      '/proc/device-tree/compatible': 'raspberrypi,4-model-b\0brcm,bcm2711\0',
      [dtb]: '\u0001\0\0coherent_pool=1M cgroup_disable=memory\0\0bootargs\0',
      '/boot/firmware/bcm2711-rpi-400.dtb': 'cgroup_disable=memory',
    });

    const { state } = await bootLoaderOf(host);

    const words = ['coherent_pool=1M', 'cgroup_disable=memory'];
    expect(state.sources.filter(({ isEditable }) => !isEditable)).toEqual([
      { file: dtb, words, isOurs: false, isEditable: false, isFirmware: true },
    ]);
  });
});

describe('entries of the Boot Loader Specification', () => {
  test('on Fedora all have the word, and so have later kernels', async () => {
    const { host, entries } = await edited('fedora-40');

    expect(entries).toHaveLength(3);
    expect(entries.every(({ commandLine }) => commandLine.endsWith(' rhgb quiet cgroup_enable=memory'))).toBe(true);
    expect(host.text('/etc/kernel/cmdline')).toMatch(/quiet cgroup_enable=memory\n$/);
    expect(host.text('/etc/default/grub')).toContain('GRUB_CMDLINE_LINUX="rhgb quiet cgroup_enable=memory"\n');
  });

  test('have the saved one as default', async () => {
    const { state } = await bootLoaderOf(bootHost('fedora-40'));

    expect(state.entries.map(({ isDefault }) => isDefault)).toEqual([true, false, false]);
    expect(state.entries[0]?.title).toContain('6.8.9-300');
  });

  test('on Enterprise Linux 8 get the word from the environment block of the same size', async () => {
    const { host, entries, written } = await edited('el8');

    expect(written).toEqual(['/etc/default/grub', '/boot/grub2/grubenv']);
    expect(host.text('/boot/grub2/grubenv')).toHaveLength(1024);
    expect(host.text('/boot/grub2/grubenv')).toContain('rhgb quiet cgroup_enable=memory \nboot_success=0\n#');
    expect(entries.every(({ commandLine }) => commandLine.includes(' cgroup_enable=memory'))).toBe(true);
  });

  test('on EFI machines find the block behind its link', async () => {
    const host = bootHost('el8');
    const real = '/boot/efi/EFI/redhat/grubenv';
    host.put(real, host.text('/boot/grub2/grubenv'));
    host.put('/boot/grub2/grubenv', { link: '../efi/EFI/redhat/grubenv' });
    const { loader, state } = await bootLoaderOf(host);

    expect(loader.edit(state, MEMORY).files.map(({ path }) => path)).toContain(real);
  });

  test('that refer to words nobody set are left alone and said', async () => {
    const { state } = await bootLoaderOf(bootHost('el8-no-kernelopts'));

    expect(state.problem).toMatchObject({ reason: 'BootConfigRejected', file: '/boot/grub2/grubenv' });
  });

  test('of systemd-boot and its later kernels have the word', async () => {
    const { host, entries, written } = await edited('debian-12-systemd-boot');

    expect(written[0]).toBe('/etc/kernel/cmdline');
    expect(host.text('/etc/kernel/cmdline')).toMatch(/^root=UUID=7d0f9c61\S+ ro quiet \S+ cgroup_enable=memory\n$/);
    expect(entries).toHaveLength(2);
    expect(entries.every(({ commandLine }) => commandLine.endsWith(' cgroup_enable=memory'))).toBe(true);
  });

  test('of systemd-boot have the default that loader.conf names', async () => {
    const { state } = await bootLoaderOf(bootHost('debian-12-systemd-boot-cmdline'));

    expect(state.entries[0]?.file).toMatch(/6\.1\.0-35-amd64\.conf$/);
  });

  test('keep quoted words and lines of options, and tools that are no Linux', async () => {
    const { host, written } = await edited('arch-systemd-boot', { present: ['x=1'], absent: ['quiet'] });

    expect(written).not.toContain('/boot/loader/entries/memtest.conf');
    expect(host.text('/boot/loader/entries/arch.conf')).toContain('options root="LABEL=arch os"\noptions rw x=1\n');
    expect(host.text('/etc/kernel/cmdline')).toBe('root="LABEL=arch os" rw x=1\n');
  });

  test('in a signed image are reported only', async () => {
    const { state } = await bootLoaderOf(bootHost('fedora-uki'));

    expect(state.problem).toMatchObject({ reason: 'Unsupported', file: '/boot/efi/EFI/Linux' });
  });
});

describe('u-boot-menu', () => {
  const ours = '/etc/u-boot-menu/conf.d/zz-nodeprep.conf';

  test('keeps the parameters that its tool takes by default', async () => {
    const { host, entries } = await edited('debian-12-u-boot-menu');

    expect(host.text(ours)).toContain('U_BOOT_PARAMETERS="${U_BOOT_PARAMETERS:-ro quiet} cgroup_enable=memory"\n');
    expect(entries).toHaveLength(4);
    expect(entries.every(({ commandLine }) => / ro (?:.* )?cgroup_enable=memory$/.test(commandLine))).toBe(true);
  });

  test('keeps the root file system that its tool takes from /etc/kernel/cmdline', async () => {
    const { host, written } = await edited('debian-12-u-boot-menu-kernel-cmdline');

    expect(written).toEqual(['/etc/kernel/cmdline', '/boot/extlinux/extlinux.conf']);
    expect(host.text('/etc/kernel/cmdline')).toBe('root=UUID=aa rw console=ttyS0 cgroup_enable=memory\n');
  });

  test('names the line of another file that sets a word', async () => {
    const { state } = await bootLoaderOf(bootHost('debian-12-u-boot-menu-set'));

    expect(state.sources[0]).toMatchObject({ file: '/etc/default/u-boot', line: 1, isEditable: false });
    expect(state.sources[0]?.words).toContain('quiet');
  });

  test('has no drop-in left when nothing is declared', async () => {
    const { host } = await edited('debian-12-u-boot-menu');
    const { loader, state } = await bootLoaderOf(host);

    writeEdit(host, loader.edit(state, { present: [], absent: ['cgroup_enable=memory'] }));

    expect(host.text(ours)).toBeUndefined();
    expect(host.text('/boot/extlinux/extlinux.conf')).toBe(
      bootTree('debian-12-u-boot-menu')['/boot/extlinux/extlinux.conf'],
    );
  });
});

describe('ostree', () => {
  test('changes the deployment that is started next by its tool', async () => {
    const host = bootHost('fedora-coreos');
    const { loader, state } = await bootLoaderOf(host);

    const wanted = { present: ['mitigations=off', 'x=1', 'rw'], absent: ['console=tty0', 'none'] };
    expect(state.entries.map(({ title }) => title)).toEqual(['Fedora CoreOS 40.20240504.3.0 (ostree:1)']);
    expect(loader.edit(state, wanted)).toEqual({
      files: [],
      commands: [
        [
          ...['rpm-ostree', 'kargs', '--delete-if-present=console=tty0', '--delete-if-present=mitigations=auto,nosmt'],
          ...['--append-if-missing=mitigations=off', '--append-if-missing=x=1'],
        ],
      ],
    });
    expect(loader.edit(state, { present: ['rw'], absent: [] }).commands).toEqual([]);
  });

  test('without rpm-ostree is left to its own tool', async () => {
    const host = bootHost('fedora-coreos');
    host.put('/usr/bin/rpm-ostree', undefined);

    expect((await bootLoaderOf(host)).state.problem?.reason).toBe('Unsupported');
  });
});
