/** What the end-to-end tests need of this machine: installed where that is possible, or why they cannot run. */
import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder } from './cache.ts';

const MEMORY_MB = 1500;
/** Two images, two snapshots and a running machine. */
const DISK_MB = 6000;
/** Commands and the Debian packages that have them. */
const TOOLS = {
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-img': 'qemu-utils',
  mmdebstrap: 'mmdebstrap',
  mke2fs: 'e2fsprogs',
  setpriv: 'util-linux',
  xz: 'xz-utils',
};

/** Installs what is missing; the first reason why the tests cannot run, in words for the person who runs them. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `they need Linux on x64, and this is ${process.platform} on ${process.arch}`;
  }
  if (process.getuid?.() !== 0) return 'they need root, to build the disk image of a machine';
  const memoryMb = Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) / 1024;
  if (memoryMb < MEMORY_MB) return `they need ${MEMORY_MB} MB of free memory, and there are ${Math.floor(memoryMb)}`;
  const disk = statfsSync(cacheFolder());
  const diskMb = (disk.bavail * disk.bsize) / 1024 / 1024;
  if (diskMb < DISK_MB) return `they need ${DISK_MB} MB in ${cacheFolder()}, and there are ${Math.floor(diskMb)}`;
  return whyNotInstalled(TOOLS);
}

/** Installs the packages of commands that are missing; the reason in words when that is not possible. */
export function whyNotInstalled(tools: Readonly<Record<string, string>>): string | undefined {
  const missing = () => Object.entries(tools).filter(([name]) => !isInPath(name));
  const packages = missing().map(([, name]) => name);
  if (packages.length === 0) return undefined;
  if (!isInPath('apt-get')) return `they need ${packages.join(', ')}, and apt is not there to install that`;
  console.log(`e2e: installing ${packages.join(', ')}`);
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const options: ExecFileSyncOptions = { stdio: ['ignore', 'pipe', 'pipe'], env };
    execFileSync('apt-get', ['-qq', 'update'], options);
    execFileSync('apt-get', ['-qqy', 'install', '--no-install-recommends', ...packages], options);
  } catch (error) {
    const said = String((error as { stderr?: Buffer }).stderr ?? error);
    return `they need ${packages.join(', ')}, and apt could not install that: ${said.trim().split('\n').slice(-2).join(' ')}`;
  }
  const still = missing().map(([name]) => name);
  return still.length === 0 ? undefined : `they need ${still.join(', ')}, which apt did not bring`;
}

function isInPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}
