import { existsSync } from 'node:fs';
import { CommandMissingError, HostFileError } from '../../errors.ts';
import type { Command } from '../../host.ts';

/** A host that runs: where its root is for us, and how its programs are run. */
export interface RunningHost {
  readonly root: string;
  readonly run: (command: Command) => Promise<unknown>;
}

/**
 * Gives `temporary` the SELinux label of the file it will replace, or the label that the policy has
 * for the path of a new file. Both are paths on the host. Does nothing on a host without SELinux.
 *
 * Node has no calls for extended attributes, and a file created in /etc gets the label of the
 * directory, with which for example systemd may not read it.
 */
export async function keepSecurityLabel(
  host: RunningHost,
  path: string,
  old: string | undefined,
  temporary: string,
): Promise<void> {
  if (!existsSync(`${host.root}/sys/fs/selinux/enforce`)) return;
  try {
    if (old !== undefined) await host.run(['chcon', '--no-dereference', `--reference=${old}`, '--', temporary]);
    else await host.run(['restorecon', '-F', temporary]);
  } catch (error) {
    // A host that has SELinux in the kernel but not its tools has no labelled files either.
    if (error instanceof CommandMissingError) return;
    const detail =
      'the SELinux label of the new file could not be set, and a wrong label can stop services from reading it';
    throw new HostFileError('write', path, 'EPERM', detail, { cause: error });
  }
}
