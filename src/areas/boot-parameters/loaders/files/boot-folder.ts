/** Whether a folder that a boot loader reads can be trusted with a write. Files only, no command. */
import type { HostReader } from '../../../../host/host.ts';
import type { LoaderProblem } from '../loader.ts';

interface Mount {
  readonly folder: string;
  readonly options: readonly string[];
}

/** Where the file systems that a boot loader reads are mounted, the innermost first. */
export const BOOT_FOLDERS = ['/boot/firmware', '/boot/efi', '/efi', '/boot'] as const;
/** Of process 1: this process may have a namespace of its own, where /boot is read-only. */
const MOUNTS = '/proc/1/mounts';
const FSTAB = '/etc/fstab';
/** Beside the file there must be room for its successor and a copy, and FAT counts in clusters of up to 64 KiB. */
const LEAST_FREE = 1024 * 1024;

/** Why nothing must be written to the folder; `undefined` when it is mounted, writable and has room. Throws `HostFileError`. */
export async function folderProblem(host: HostReader, folder: string): Promise<LoaderProblem | undefined> {
  const unmounted = await unmountedFolder(host, folder);
  if (unmounted !== undefined) return unmounted;
  const mounts = host.kernel === 'running' ? ((await host.parsed(MOUNTS, parseMounts)) ?? []) : [];
  const mount = mounts.findLast(
    (one) => isBelow(folder, one.folder) && !mounts.some((inner) => isInner(inner, one, folder)),
  );
  if (mount?.options.includes('ro')) {
    return {
      reason: 'BootFilesystemUnmounted',
      file: folder,
      message: `"${folder}" is on a file system that is mounted read-only; remount it with "mount -o remount,rw ${mount.folder}"`,
    };
  }
  const free = await host.freeBytes(folder);
  if (free === undefined || free >= LEAST_FREE) return undefined;
  return {
    reason: 'BootFilesystemUnmounted',
    file: folder,
    message: `"${folder}" has ${Math.floor(free / 1024)} KiB free, less than the 1 MiB that a safe write takes; remove old kernels there`,
  };
}

/** A folder that /etc/fstab mounts and that is not mounted: what stands in it is not what the loader reads. */
export async function unmountedFolder(host: HostReader, below: string): Promise<LoaderProblem | undefined> {
  const declared = (await host.parsed(FSTAB, parseMounts)) ?? [];
  const mounts = host.kernel === 'running' ? await host.parsed(MOUNTS, parseMounts) : undefined;
  for (const folder of BOOT_FOLDERS) {
    if (!isBelow(below, folder) || !declared.some((one) => one.folder === folder)) continue;
    const isMounted =
      mounts === undefined
        ? ((await host.listDirectory(folder)) ?? []).length > 0
        : mounts.some((one) => one.folder === folder);
    if (isMounted) continue;
    return {
      reason: 'BootFilesystemUnmounted',
      file: folder,
      message: `"${folder}" is not mounted although ${FSTAB} says so, and a write would not reach what the boot loader reads; mount it with "mount ${folder}"`,
    };
  }
  return undefined;
}

/** Lines of fstab and of /proc/PID/mounts, which are alike. */
function parseMounts(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [source, folder, type, options] = line.trim().split(/[ \t]+/);
    if (source === undefined || source.startsWith('#') || folder === undefined || type === 'swap') return [];
    return [{ folder, options: options?.split(',') ?? [] }];
  });
}

function isInner(inner: Mount, outer: Mount, folder: string): boolean {
  return isBelow(folder, inner.folder) && inner.folder.length > outer.folder.length;
}

function isBelow(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}
