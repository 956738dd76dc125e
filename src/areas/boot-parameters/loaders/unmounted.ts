/** A host whose boot loader cannot be seen, because a file system that it reads is not mounted. */
import { BOOT_FOLDERS, unmountedFolder } from './files/boot-folder.ts';
import { typed } from './files/boot-files.ts';
import type { BootLoader } from './loader.ts';

/** Stands for the loader only where no other is seen: an unmounted /boot/efi beside a working GRUB harms nothing here. */
export const unmounted: BootLoader = {
  name: 'boot loader on an unmounted file system',
  observe: async (host) => {
    for (const folder of BOOT_FOLDERS) {
      const problem = await unmountedFolder(host, folder);
      if (problem !== undefined) return { sources: [], entries: [], files: [], longest: 0, problem };
    }
    return undefined;
  },
  edit: () => ({ files: [], commands: [] }),
  byHand: ({ present, absent }) =>
    `Then the parameters follow by themselves:${present.length === 0 ? '' : ` ${typed(present)}`}${absent.length === 0 ? '' : ` without ${typed(absent)}`}.`,
};
