/**
 * Names of kernel parameters. What a person writes becomes one canonical form here, and a name that
 * could leave `/proc/sys`, match several keys or turn into an option or a comment is refused, so
 * that no later code has to check a name again.
 */
import { InvalidNameError } from '../yaml/errors.ts';
import { quoted } from '../yaml/quote.ts';

const MAX_LENGTH = 255;

/**
 * The one spelling of a kernel parameter inside NodePrep: `net.ipv4.ip_forward`, or with slashes
 * when a part contains a dot: `net/ipv4/conf/eth0.100/forwarding`. Throws `InvalidNameError`.
 */
export function canonicalSysctl(name: string): string {
  const parts = partsFrom(name);
  return parts.some((part) => part.includes('.')) ? parts.join('/') : parts.join('.');
}

/** The file of a canonical name, always below `/proc/sys/`. Throws `InvalidNameError`. */
export function sysctlPath(canonical: string): string {
  return `/proc/sys/${partsFrom(canonical).join('/')}`;
}

/**
 * sysctl.d(5): the first separator decides. After a dot, dots separate and a slash stands for a dot
 * inside a part; after a slash, slashes separate and dots are literal.
 */
function partsFrom(name: string): string[] {
  const refuse = (why: string) => new InvalidNameError(`${quoted(name)} is not a kernel parameter: ${why}`);
  if (name === '') throw refuse('it is empty; expected a name such as net.ipv4.ip_forward');
  if (name.length > MAX_LENGTH) throw refuse(`it has ${name.length} characters, at most ${MAX_LENGTH} are possible`);
  if (name.startsWith('/')) throw refuse('it is an absolute path; write it relative to /proc/sys');
  if (name.startsWith('-'))
    throw refuse('it begins with "-", which sysctl.d reads as "ignore errors"; use "optional: true"');
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(name)) throw refuse('"." and ".." cannot be parts of a name');
  if (/[*?[\]{}!]/.test(name)) throw refuse('it is a pattern; name every parameter on its own');
  const foreign = /[^A-Za-z0-9_.:@+,~/-]/u.exec(name);
  if (foreign !== null) throw refuse(`the character ${quoted(foreign[0])} cannot be part of a name`);

  const separator = /[./]/.exec(name)?.[0];
  if (separator === undefined) throw refuse('it has only one part; expected a name such as net.ipv4.ip_forward');
  const parts = separator === '/' ? name.split('/') : name.split('.').map((part) => part.replaceAll('/', '.'));
  if (parts.includes('')) throw refuse('it has an empty part');
  // Checked after the translation: in "net.//.x" the part "//" means "..".
  if (parts.some((part) => /^\.+$/.test(part))) throw refuse('"." and ".." cannot be parts of a name');
  return parts;
}

/**
 * Parameters that NodePrep never reads or writes, each with the reason. Either writing them does
 * something once instead of setting a state, or they hand the kernel a program to run as root, or
 * they cannot be taken back. A final `.*` covers everything below.
 */
export const DENIED_SYSCTLS: Readonly<Record<string, string>> = {
  'fs.binfmt_misc.*':
    'it registers interpreters that run for every program of that format, with the rights of root when asked to',
  'fs.ocfs2.nm.hb_ctl_path': 'it is a program that the kernel runs as root for its cluster file system',
  'fs.xfs.stats_clear': 'it is a trigger that sets statistics to zero, not a setting',
  'kernel.cad_pid': 'it names the process that Ctrl-Alt-Del signals, and a process id means nothing after a reboot',
  'kernel.core_pattern':
    'a value beginning with "|" is a program that the kernel runs as root outside of every container',
  'kernel.hostname':
    'the kubelet registers the Node under the host name; set it with hostnamectl before the node joins',
  'kernel.hotplug': 'it is a program that the kernel runs as root for every device event',
  'kernel.kexec_load_disabled': 'it can be switched on but never off again before a reboot',
  'kernel.kexec_load_limit_panic': 'it can only be lowered, and never raised again before a reboot',
  'kernel.kexec_load_limit_reboot': 'it can only be lowered, and never raised again before a reboot',
  'kernel.modprobe': 'it is a program that the kernel runs as root whenever a module is missing',
  'kernel.modules_disabled':
    'it can be switched on but never off again before a reboot, and then no module can be loaded, also none that a CNI plugin needs',
  'kernel.msg_next_id': 'it is used up by the next message queue that is made, so it cannot be kept at a value',
  'kernel.ns_last_pid': 'it changes with every process that starts, so it cannot be kept at a value',
  'kernel.poweroff_cmd': 'it is a program that the kernel runs as root',
  'kernel.random.*': 'these are readings of the random number generator that change on every read',
  'kernel.reboot-cmd': 'it is a command that the firmware runs at the next reboot',
  'kernel.sem_next_id': 'it is used up by the next set of semaphores that is made, so it cannot be kept at a value',
  'kernel.shm_next_id': 'it is used up by the next shared memory that is made, so it cannot be kept at a value',
  'kernel.sysrq': 'it opens the keyboard and serial console commands that kill, remount or reboot the machine',
  'kernel.tainted': 'it is a mark of what happened to the kernel that can be set but never taken back',
  'kernel.usermodehelper.*':
    'it decides with which capabilities the programs run that the kernel starts, and capabilities dropped there never come back',
  'net.ipv4.route.flush': 'it is a trigger that empties the routing cache, not a setting',
  'net.ipv6.route.flush': 'it is a trigger that empties the routing cache, not a setting',
  'vm.compact_memory': 'it is a trigger that compacts all memory, not a setting',
  'vm.drop_caches': 'it is a trigger that empties the page cache and slows every pod of the node, not a setting',
  'vm.stat_refresh': 'it is a trigger that recounts statistics, not a setting',
};

/** Those that cover everything below, with the final dot. */
const DENIED_FAMILIES = Object.entries(DENIED_SYSCTLS)
  .filter(([name]) => name.endsWith('.*'))
  .map(([name, why]) => [name.slice(0, -1), why] as const);

/** Why NodePrep never touches this parameter, in any spelling; `undefined` when it may be declared. */
export function deniedSysctl(name: string): string | undefined {
  let parts: string[];
  try {
    parts = partsFrom(name);
  } catch (error) {
    if (error instanceof InvalidNameError) return undefined;
    throw error;
  }
  const exact = parts.join('.');
  if (Object.hasOwn(DENIED_SYSCTLS, exact)) return DENIED_SYSCTLS[exact];
  return DENIED_FAMILIES.find(([prefix]) => `${exact}.`.startsWith(prefix))?.[1];
}
