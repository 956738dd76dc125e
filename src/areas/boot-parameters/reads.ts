/** What decides about the kernel command line of a host. */
import type { AreaReads } from '../surroundings.ts';
import { GRUB_CFG, GRUB_DEFAULTS, GRUB_FOLDER } from './loaders/grub-names.ts';
import { BOOT_ID, COMMAND_LINE, HUGE_PAGES } from './observe/kernel-facts.ts';

/** Files and folders of boot loaders. */
export const BOOT_FILES = [GRUB_CFG, GRUB_DEFAULTS, GRUB_FOLDER] as const;

/** What the area reads. */
export const BOOT_READS: AreaReads = {
  files: BOOT_FILES,
  programs: ['/usr/sbin/update-grub'],
  live: [COMMAND_LINE, BOOT_ID, HUGE_PAGES],
};
