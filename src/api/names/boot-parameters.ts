/**
 * Names and values of kernel parameters of the boot, checked so that none can end a word, become shell or GRUB syntax,
 * cut a machine off, or open it.
 */
import { InvalidNameError } from '../yaml/errors.ts';
import { quoted } from '../yaml/quote.ts';

/** Most characters of a name. */
export const MAX_BOOT_NAME = 64;

/** What a name looks like. A leading dash would be an option of init, and "--" ends the kernel's part of the line. */
export const BOOT_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/**
 * Characters of a value: ASCII without blanks, quotes and what a shell or GRUB reads as syntax. grub-mkconfig copies a
 * value unescaped into grub.cfg.
 */
export const BOOT_VALUE = /^[!%+,./0-9:=@A-Z[\]^_a-z~-]*$/;

/** Names that count every time they stand on a line, so that each value is a parameter of its own. */
export const REPEATABLE: readonly string[] = [
  'blacklist',
  'cgroup_disable',
  'cgroup_enable',
  'console',
  'earlycon',
  'efi',
  'hugepages',
  'hugepagesz',
  'ip',
  'memmap',
  'modprobe.blacklist',
  'module_blacklist',
  'netconsole',
  'pci',
];

const ROOT = 'it says what the machine boots from';
const INIT = 'it replaces the programs that start and guard the system';
const SHELL = 'it opens a root shell, or stops the boot in one';
const HARDWARE = 'it takes memory or processors away from the node';
const DISK = 'it decides how the root disk is unlocked or found';

/** Names that are never declared, with the reason; "*" at the end stands for any characters. */
export const DENIED_BOOT_PARAMETERS: Readonly<Record<string, string>> = {
  root: ROOT,
  rootfstype: ROOT,
  rootflags: ROOT,
  rootwait: ROOT,
  rootdelay: ROOT,
  ro: ROOT,
  rw: ROOT,
  nfsroot: ROOT,
  netroot: ROOT,
  ostree: ROOT,
  initrd: ROOT,
  BOOT_IMAGE: ROOT,
  noinitrd: ROOT,
  overlayroot: ROOT,
  'mount.*': ROOT,
  'systemd.volatile': ROOT,
  init: INIT,
  rdinit: INIT,
  'systemd.unit': INIT,
  'systemd.run*': INIT,
  'systemd.setenv': INIT,
  'systemd.mask': INIT,
  'systemd.wants': INIT,
  'systemd.import_credentials': INIT,
  'systemd.set_credential*': INIT,
  'systemd.getty_auto': INIT,
  cloud_config_url: INIT,
  ds: INIT,
  'ignition.*': INIT,
  single: SHELL,
  s: SHELL,
  S: SHELL,
  b: SHELL,
  '1': SHELL,
  '2': SHELL,
  '3': SHELL,
  '4': SHELL,
  '5': SHELL,
  emergency: SHELL,
  rescue: SHELL,
  'rd.break': SHELL,
  'rd.shell': SHELL,
  break: SHELL,
  'systemd.debug_shell': SHELL,
  'systemd.break': SHELL,
  'systemd.crash_shell': SHELL,
  'kgdb*': SHELL,
  kdb: SHELL,
  mem: HARDWARE,
  memmap: HARDWARE,
  maxcpus: HARDWARE,
  nr_cpus: HARDWARE,
  possible_cpus: HARDWARE,
  nosmp: HARDWARE,
  'luks*': DISK,
  'rd.*': DISK,
  'crypt*': DISK,
  resume: DISK,
  resume_offset: DISK,
  fstab: DISK,
  'systemd.gpt_auto': DISK,
  'systemd.verity*': DISK,
};

/** Values that switch a protection off, by name: such a value is refused, and so is removing any other. */
export const WEAKER_VALUES: Readonly<Record<string, string>> = {
  selinux: '^0*$',
  enforcing: '^0*$',
  apparmor: '^0*$',
  lockdown: '^(none)?$',
  security: '^(none|0)?$',
  'module.sig_enforce': '^(0|n|N|off)?$',
};

/** The name as the kernel compares it: `-` and `_` are one. */
export function plainBootName(name: string): string {
  return name.replaceAll('-', '_');
}

/** Whether each value of the name is a parameter of its own. */
export function isRepeatable(name: string): boolean {
  return REPEATABLE.includes(plainBootName(name));
}

/** Equal for two parameters of which only one can be in force. Throws `InvalidNameError`. */
export function canonicalBootParameter(name: string, value: string): string {
  const refuse = (why: string) => new InvalidNameError(`${quoted(name)} is not a kernel parameter of the boot: ${why}`);
  if (name === '') throw refuse('it is empty; expected a name such as cgroup_enable');
  if (name.includes('=')) throw refuse('it has a value; write the value in the field "value"');
  if (name.length > MAX_BOOT_NAME)
    throw refuse(`it has ${name.length} characters, at most ${MAX_BOOT_NAME} are possible`);
  if (name.startsWith('-')) throw refuse('it begins with "-", which ends the parameters of the kernel');
  const foreign = /[^A-Za-z0-9_.-]/u.exec(name);
  if (foreign !== null) throw refuse(`the character ${quoted(foreign[0])} cannot be part of a name`);
  if (!BOOT_NAME.test(name)) throw refuse('expected letters, digits, "_", "." and "-", such as cgroup_enable');
  return isRepeatable(name) && value !== '' ? `${plainBootName(name)}=${value}` : plainBootName(name);
}

/** Why a possible name is never declared; `undefined` when it may be. */
export function deniedBootParameter(name: string): string | undefined {
  const plain = plainBootName(name);
  const pattern = Object.keys(DENIED_BOOT_PARAMETERS).find((one) =>
    one.endsWith('*') ? plain.startsWith(one.slice(0, -1)) : plain === one,
  );
  return pattern === undefined ? undefined : DENIED_BOOT_PARAMETERS[pattern];
}

/** Why a parameter cannot have this value; `undefined` when it can. */
export function bootValueProblem(value: string): string | undefined {
  if (BOOT_VALUE.test(value)) return undefined;
  if (/\s/.test(value)) return `${quoted(value)} contains a blank, which ends a parameter; declare each one on its own`;
  const foreign = /[^!%+,./0-9:=@A-Z[\]^_a-z~-]/u.exec(value)?.[0] ?? '';
  return `${quoted(value)} contains ${quoted(foreign)}, which a shell or the boot loader reads as syntax`;
}

/** Why the node may not be given, or relieved of, this value; `undefined` when it may. */
export function weakeningProblem(name: string, value: string, state: 'Present' | 'Absent'): string | undefined {
  const plain = plainBootName(name);
  if (plain === 'console' && state === 'Absent')
    return `${quoted(name)} cannot be removed: without its console a machine that does not boot cannot be repaired`;
  const weaker = Object.hasOwn(WEAKER_VALUES, plain) ? WEAKER_VALUES[plain] : undefined;
  if (weaker === undefined) return undefined;
  const isWeaker = new RegExp(weaker).test(value);
  if (isWeaker === (state === 'Absent') && value !== '') return undefined;
  return `${quoted(value === '' ? name : `${name}=${value}`)} ${state === 'Absent' ? 'removed ' : ''}weakens a protection of the node; NodePrep never does that`;
}
