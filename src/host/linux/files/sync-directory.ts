import { closeSync, constants, fchmodSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { errnoOf } from './file-errors.ts';

/** Makes a rename, a new name or a removal in `directory` survive a power cut. */
export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } catch (error) {
    // Some network and FUSE file systems cannot sync a directory; there is nothing better to do on them.
    const code = errnoOf(error);
    if (code !== 'EINVAL' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Makes one directory that every user may enter, whatever the umask, and syncs it into its parent. */
export function makeDirectory(directory: string, parent: string): void {
  try {
    mkdirSync(directory, 0o755);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    throw error;
  }
  // By descriptor: a chmod(2) by path would follow a link that was put there meanwhile.
  const descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    fchmodSync(descriptor, 0o755);
  } finally {
    closeSync(descriptor);
  }
  syncDirectory(parent);
}
