/** Where GRUB on Debian and Ubuntu has its files. */

/** What GRUB reads at the next boot. */
export const GRUB_CFG = '/boot/grub/grub.cfg';
/** The settings of the host. */
export const GRUB_DEFAULTS = '/etc/default/grub';
/** Further settings; of two files that assign, the later in byte order wins. */
export const GRUB_FOLDER = '/etc/default/grub.d';
/** Our settings, after every usual name. */
export const GRUB_DROP_IN = `${GRUB_FOLDER}/zz-nodeprep.cfg`;
