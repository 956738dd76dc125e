/** Why the end-to-end tests cannot run on this machine. */
import { readFileSync, statfsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { cacheFolder } from './cache.ts';

const MEMORY_MB = 1500;
const DISK_MB = 6000;

/** The first reason found, in words for the person who runs the tests; `undefined` when they can run. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `they need Linux on x64, and this is ${process.platform} on ${process.arch}`;
  }
  if (process.getuid?.() !== 0) return 'they need root, to build the disk image of a machine';
  const tools = ['qemu-system-x86_64', 'qemu-img', 'mmdebstrap', 'mke2fs'].filter((name) => !isInPath(name));
  if (tools.length > 0 && !isInPath('apt-get'))
    return `${tools.join(', ')} is missing, and apt is not there to install it`;
  const memoryMb = Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) / 1024;
  if (memoryMb < MEMORY_MB) return `they need ${MEMORY_MB} MB of free memory, and there are ${Math.floor(memoryMb)}`;
  const disk = statfsSync(cacheFolder());
  const diskMb = (disk.bavail * disk.bsize) / 1024 / 1024;
  if (diskMb < DISK_MB) return `they need ${DISK_MB} MB in ${cacheFolder()}, and there are ${Math.floor(diskMb)}`;
  return undefined;
}

function isInPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}
