/** Module parameters that name a program or a file, which the kernel would use as root outside of every container. Pure. */
import { quoted } from '../yaml/quote.ts';

/** By name, whatever the module is called: an alias loads the same one. Each with its module and what it is. */
export const DENIED_PARAMETERS: Readonly<Record<string, string>> = {
  cltrack_prog: 'it is a program that nfsd runs as root',
  usermode_helper: 'it is a program that drbd runs as root',
  cache_getent: 'it is a program that nfs runs as root',
  hb_ctl_path: 'it is a program that ocfs2 runs as root',
  v86d: 'it is a program that uvesafb runs as root',
  v86d_path: 'it is a program that uvesafb runs as root',
  alternative_fw_path: 'it is a place from which firmware is loaded into a device',
  fw_path: 'it is a place from which firmware is loaded into a device',
  nvram_path: 'it is a place from which firmware is loaded into a device',
  enable_unsafe_noiommu_mode: 'it lets devices write to all of memory',
  allow_unsafe_interrupts: 'it lets devices raise interrupts of others',
  allow_unsafe_assigned_interrupts: 'it lets devices raise interrupts of others',
};

/** What parameters of this kind are called. */
export const PROGRAM_NAME =
  '(^|_)(prog|program|helper|usermodehelper|umh|userhelper|getent|upcall|exec|executable|script|cmd|command|handler_path|binary)(_path|_prog)?$';

/** Where a value, or a part of a list in it, begins with a path: from the root, or from where the kernel works, which is the root. */
const path = /(?:^|[ =,;:|])[.]*\//;

/** Values without such a part, as a pattern without look-ahead; for the API server, which judges no number by it. */
export const NO_PATH_IN_VALUE = valuesWithoutPath();

function valuesWithoutPath(): string {
  const first = '[^ =,;:|./]';
  const part = `[.]*(${first}[^ =,;:|]*)?`;
  return `^${part}([ =,;:|]${part})*$`;
}

const program = new RegExp(PROGRAM_NAME);

/** Why a module must not get this parameter; `undefined` when it may. */
export function deniedParameter(name: string, value: string): string | undefined {
  const known = Object.hasOwn(DENIED_PARAMETERS, name) ? DENIED_PARAMETERS[name] : undefined;
  if (known !== undefined) return `${quoted(name)} is denied: ${known}; NodePrep never sets it`;
  if (program.test(name))
    return `${quoted(name)} is denied: by its name it is a program that the kernel runs as root; NodePrep never sets it`;
  if (!path.test(value.replaceAll(/["']/g, ''))) return undefined;
  return `${quoted(value)} is denied: a path tells the kernel to use a file or a program as root, outside of every container`;
}
