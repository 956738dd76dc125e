import { CommandError, CommandMissingError, HostFileError } from '../../errors.ts';
import type { RunningHost } from './security-label.ts';

/** Records and the status, written often and by NodePrep alone: their folders can give them a default list. */
const OWN_RECORDS = /^\/(?:var\/lib|run)\/nodeprep\//;

/**
 * Gives `temporary` the access control list and the extended attributes of the file that it will
 * replace. Both are paths on the host. Node has no calls for them, and cp of coreutils needs no other
 * program. A cp that cannot do it is that of busybox, whose systems have no access control lists.
 */
export async function keepAttributes(host: RunningHost, path: string, old: string, temporary: string): Promise<void> {
  if (OWN_RECORDS.test(path)) return;
  try {
    // Not the times: systemd and others notice a new file by them.
    await host.run(['cp', '--attributes-only', '--preserve=mode,ownership,xattr', '--', old, temporary]);
  } catch (error) {
    if (error instanceof CommandMissingError) return;
    if (error instanceof CommandError && /unrecognized option|not supported/i.test(error.stderr)) return;
    const detail =
      'its access control list or extended attributes could not be given to the new file, so the old one stays; "getfacl" and "getfattr -d -m -" show them';
    throw new HostFileError('write', path, 'EPERM', detail, { cause: error });
  }
}
