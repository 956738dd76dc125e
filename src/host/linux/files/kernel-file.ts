import { closeSync, constants, openSync, realpathSync, writeSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { HostFileError } from '../../errors.ts';
import { assertPath, errnoOf, fileErrorFrom } from './file-errors.ts';

/**
 * Writes a kernel file in place. One write(2), because the kernel takes every write for a whole
 * value; no O_CREAT and no O_TRUNC, because a missing sysctl must be an error and nothing is truncated.
 * `root` is where the root of the running host is mounted, empty when it is our own.
 */
export function writeKernelText(path: string, contents: string, root: string): void {
  assertPath('write', path);
  assertKernelPath(path, posix.normalize(path), '');
  const at = `${root}${path}`;
  try {
    // `/proc/self/root` and its like are doors out of /proc; below /proc/sys there are none.
    const hasDoors = !path.startsWith('/proc/sys/') || path.includes('/..');
    if (hasDoors) assertKernelPath(path, `${realpathSync.native(dirname(at))}/`, root);
    const descriptor = openSync(at, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const bytes = Buffer.from(contents, 'utf8');
      const written = writeSync(descriptor, bytes, 0, bytes.length);
      if (written < bytes.length) {
        const detail = `the kernel took only ${written} of ${bytes.length} bytes, so the value may be cut off`;
        throw new HostFileError('write', path, 'EIO', detail);
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (errnoOf(error) === 'EINVAL' && !(error instanceof HostFileError)) {
      const value = JSON.stringify(contents.trim().slice(0, 80));
      const detail = `the kernel refuses the value ${value} and keeps the old one (EINVAL)`;
      throw new HostFileError('write', path, 'EINVAL', detail, { cause: error });
    }
    throw fileErrorFrom('write', path, error);
  }
}

function assertKernelPath(path: string, where: string, root: string): void {
  if (where.startsWith(`${root}/proc/`) || where.startsWith(`${root}/sys/`)) return;
  throw new HostFileError('write', path, 'EINVAL', 'only files below /proc and /sys are kernel files');
}
