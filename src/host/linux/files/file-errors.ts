import { HostFileError } from '../../errors.ts';

/** What an errno means for the person who looks after the node, and what to do about it. */
const meanings: Readonly<Record<string, string>> = {
  EACCES:
    'permission denied; run NodePrep as root, and if it is, look for a security policy (SELinux, AppArmor) or a squashing mount',
  EPERM:
    'the operation is not permitted; the file may be immutable ("lsattr" shows it, "chattr -i" lifts it) or this process lacks the capability',
  EROFS: 'the file system is read-only; remount it writable, or put the setting into the image this node boots from',
  ENOSPC: 'no space is left on the file system; free blocks or inodes ("df -h", "df -i"), the next pass tries again',
  EDQUOT: 'the disk quota is used up; raise it or free space, the next pass tries again',
  EFBIG: 'the file is larger than anything NodePrep reads or writes',
  EIO: 'input/output error; for a kernel file the value cannot be told, for any other file the disk may be failing ("dmesg" says more)',
  EISDIR: 'it is a directory, not a file',
  ENOTDIR: 'a part of the path is a file, not a directory',
  ENOENT: 'no such file or directory',
  EEXIST: 'something is in the way there',
  ELOOP: 'it is a link, or its links lead in a circle',
  ENAMETOOLONG: 'the path is too long for the file system',
  EMFILE: 'too many files are open in this process (see "ulimit -n")',
  ENFILE: 'too many files are open on this host; raise fs.file-max',
  EBUSY:
    'it is in use, for example as a mount point; a file that is mounted into a container cannot be replaced from inside',
  ETXTBSY: 'it is a program or swap file in use',
  EINVAL: 'the kernel does not accept this',
  ENODEV: 'the device or the module behind it is gone',
  EXDEV: 'it leads out of the directory that stands for the host',
};

/** The errno name of a failed call, or `undefined` when `error` is none. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** Turns whatever a file call threw into a `HostFileError` with a message for administrators. */
export function fileErrorFrom(action: string, path: string, cause: unknown): HostFileError {
  if (cause instanceof HostFileError) return cause;
  const code = errnoOf(cause);
  if (code === undefined) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    return new HostFileError(action, path, 'EINVAL', detail, { cause });
  }
  return new HostFileError(action, path, code, `${meanings[code] ?? 'the system call failed'} (${code})`, { cause });
}

/** Refuses paths that no host has: relative ones and those with a NUL, which would end early in the kernel. */
export function assertPath(action: string, path: string): void {
  if (!path.startsWith('/')) throw new HostFileError(action, path, 'EINVAL', 'paths of a host are absolute');
  if (path.includes('\0')) {
    throw new HostFileError(action, path.replaceAll('\0', '\\0'), 'EINVAL', 'a path cannot contain a NUL character');
  }
}
