/** What decides about the kernel command line of a host. */
import type { AreaReads } from '../surroundings.ts';
import { GRUB_CFG, GRUB_DEFAULTS, GRUB_FOLDER } from './loaders/grub-names.ts';
import { BOOT_ID, COMMAND_LINE, HUGE_PAGES } from './observe/kernel-facts.ts';

/** Folders in which loaders are edited. */
export const BOOT_WRITTEN = [
  GRUB_FOLDER,
  '/boot',
  '/boot/efi/loader/entries',
  '/boot/extlinux',
  '/boot/firmware',
  '/boot/firmware/current',
  '/boot/firmware/new',
  '/boot/grub2',
  '/boot/loader/entries',
  '/efi/loader/entries',
  '/etc/default',
  '/etc/kernel',
  '/etc/u-boot-menu/conf.d',
] as const;

/** Files and folders by which the next start is changed. */
export const BOOT_FILES = [
  GRUB_CFG,
  GRUB_DEFAULTS,
  GRUB_FOLDER,
  '/boot/cmdline.txt',
  '/boot/efi/loader/entries',
  '/boot/extlinux/extlinux.conf',
  '/boot/firmware/cmdline.txt',
  '/boot/firmware/current/cmdline.txt',
  '/boot/firmware/new/cmdline.txt',
  '/boot/grub2/grubenv',
  '/boot/loader/entries',
  '/efi/loader/entries',
  '/etc/default/raspi-extra-cmdline',
  '/etc/default/u-boot',
  '/etc/kernel/cmdline',
  '/etc/u-boot-menu/conf.d',
] as const;

/** Their names or contents have the ID of the machine, which no copy of a host may have. */
const NAMED_AFTER_MACHINE = /\/entries$|\/grubenv$/;

/** What the area reads. */
export const BOOT_READS: AreaReads = {
  files: [
    ...BOOT_FILES.filter((path) => !NAMED_AFTER_MACHINE.test(path)),
    '/boot/config.txt',
    '/boot/efi/loader/loader.conf',
    '/boot/firmware/config.txt',
    '/boot/grub2/grub.cfg',
    '/boot/loader/loader.conf',
    '/efi/loader/loader.conf',
    '/etc/fstab',
    '/etc/kernel/postinst.d/z50-raspi-firmware',
    '/run/ostree-booted',
    '/usr/share/u-boot-menu/conf.d',
  ],
  programs: [
    ...['/boot', '/boot/efi', '/efi'].flatMap((folder) => [
      `${folder}/EFI/systemd/systemd-bootaa64.efi`,
      `${folder}/EFI/systemd/systemd-bootx64.efi`,
    ]),
    '/usr/bin/rpm-ostree',
    '/usr/sbin/u-boot-update',
    '/usr/sbin/update-grub',
  ],
  live: [COMMAND_LINE, BOOT_ID, HUGE_PAGES, '/proc/1/mounts', '/proc/device-tree/compatible'],
};
