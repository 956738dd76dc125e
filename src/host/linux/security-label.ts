import { existsSync } from 'node:fs';
import { HostFileError } from '../errors.ts';
import { CommandMissingError } from '../errors.ts';
import { runCommand } from './commands.ts';

/**
 * Gives `temporary` the SELinux label of the file it will replace, or the label that the policy has
 * for the path of a new file. Does nothing on a host without SELinux.
 *
 * Node has no calls for extended attributes, and a file created in /etc gets the label of the
 * directory, with which for example systemd may not read it.
 */
export async function keepSecurityLabel(path: string, old: string | undefined, temporary: string): Promise<void> {
  if (!existsSync('/sys/fs/selinux/enforce')) return;
  try {
    if (old !== undefined) await runCommand(['chcon', '--no-dereference', `--reference=${old}`, '--', temporary]);
    else await runCommand(['restorecon', '-F', temporary]);
  } catch (error) {
    // A host that has SELinux in the kernel but not its tools has no labelled files either.
    if (error instanceof CommandMissingError) return;
    const detail =
      'the SELinux label of the new file could not be set, and a wrong label can stop services from reading it';
    throw new HostFileError('write', path, 'EPERM', detail, { cause: error });
  }
}
