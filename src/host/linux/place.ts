/**
 * Where a path of the host is for the system calls of this process.
 *
 * `whole-host.ts` finds places on the running host, `directory-host.ts` below a directory that
 * stands for one. Readers and writers work on a `Place` and do not know which it is.
 */
import { constants } from 'node:fs';

/** How far links are followed: `read` all, `entry` all but the last part, `write` likewise and stricter. */
export type Lookup = 'read' | 'entry' | 'write';

/** A found path. Disposing it closes the directories that were held open so that they cannot be swapped. */
export interface Place extends Disposable {
  /** The path to hand to a system call. */
  readonly at: string | Buffer;
  /** The same for the directory that holds it. */
  readonly directory: string;
  readonly name: string;
  /** The path on the host with the links resolved that were followed. */
  readonly real: string;
  /** Extra open(2) flags: on a directory host the last part was resolved already and must not be a link now. */
  readonly flags: number;
  /** A link to /dev/null, which administrators use to say "nothing here, on purpose". */
  readonly masked: boolean;
}

/** Finds places; `undefined` means that the path, or a directory above it, is absent. */
export interface Places {
  readonly find: (action: string, path: string, lookup: Lookup) => Place | undefined;
  /** Makes the missing directories above `path`, each synced into its parent. */
  readonly makeParents: (path: string) => void;
}

/** `O_PATH`, which node:fs does not name: holds a directory without needing permission to list it. */
export const O_PATH = 0o10000000;

/** Opens a directory for holding only. A link in its place is refused. */
export const holdFlags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
