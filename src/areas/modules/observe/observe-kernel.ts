/** Reads what the kernel shows of its modules: `/proc` and `/sys`. */
import { HostFileError } from '../../../host/errors.ts';
import type { HostReader } from '../../../host/host.ts';
import { type BootWord, parseCommandLine, parseFilesystems, parseLoadedModules, parseLockdown } from './parse.ts';
import { kernelParameter } from '../parameters.ts';
import { releaseFrom } from './observe-tree.ts';

/** The facts about the kernel as a whole. */
export interface KernelFacts {
  readonly release: string | undefined;
  /** Whether `/proc` and `/sys` are mounted at all, so that absence means something. */
  readonly proc: boolean;
  readonly sys: boolean;
  /** Names in `/proc/modules`; `undefined` on a kernel without loadable modules. */
  readonly loaded: ReadonlySet<string> | undefined;
  /** Names below `/sys/module`: loaded modules, and most of those that are built in. */
  readonly shown: ReadonlySet<string>;
  readonly filesystems: ReadonlySet<string>;
  readonly commandLine: readonly BootWord[];
  /** `kernel.modules_disabled` is 1: no module can be loaded until the next reboot. */
  readonly disabled: boolean;
  readonly lockdown: string | undefined;
}

/** A parameter as sysfs shows it. */
export interface ParameterObserved {
  readonly value: string;
  readonly writable: boolean;
}

/** Observes the kernel; on an image everything is absent. */
export async function observeKernel(host: HostReader): Promise<KernelFacts> {
  const read = async (path: string) => (host.kernel === 'absent' ? undefined : host.readFile(path));
  const parsed = async <T>(path: string, parse: (text: string) => T) =>
    host.kernel === 'absent' ? undefined : host.parsed(path, parse);
  const loaded = await parsed('/proc/modules', parseLoadedModules);
  const release = await read('/proc/sys/kernel/osrelease');
  const filesystems = await parsed('/proc/filesystems', parseFilesystems);
  const commandLine = await parsed('/proc/cmdline', parseCommandLine);
  const shown = host.kernel === 'absent' ? undefined : await host.listDirectory('/sys/module');
  return {
    release: releaseFrom(release),
    proc: [loaded, release, filesystems, commandLine].some((found) => found !== undefined),
    sys: shown !== undefined,
    loaded,
    shown: new Set(shown),
    filesystems: filesystems ?? new Set(),
    commandLine: commandLine ?? [],
    disabled: (await read('/proc/sys/kernel/modules_disabled'))?.trim() === '1',
    lockdown: await readLockdown(host),
  };
}

/** Needs securityfs and, on some kernels, privileges; it only explains failures, so it may be missing. */
async function readLockdown(host: HostReader): Promise<string | undefined> {
  if (host.kernel === 'absent') return undefined;
  return parseLockdown((await readUnlessRefused(host, '/sys/kernel/security/lockdown')) ?? '');
}

/** Whether the effect of a module is there, which settles the matter on kernels without modules. */
export async function hasEffect(host: HostReader, facts: KernelFacts, name: string): Promise<boolean> {
  if (host.kernel === 'absent') return false;
  if (FILESYSTEM_MODULES.has(name)) return facts.filesystems.has(name);
  const path = Object.hasOwn(EFFECT_PATHS, name) ? EFFECT_PATHS[name] : undefined;
  return path !== undefined && (await host.stat(path)) !== undefined;
}

const FILESYSTEM_MODULES = new Set(['overlay', 'fuse', 'ext4', 'xfs', 'btrfs', 'nfs', 'nfsd', 'ceph', 'erofs']);

/** What exists exactly while the code of a module is in the kernel. */
const EFFECT_PATHS: Readonly<Record<string, string>> = {
  br_netfilter: '/proc/sys/net/bridge',
  nf_conntrack: '/proc/sys/net/netfilter/nf_conntrack_max',
  ip_vs: '/proc/sys/net/ipv4/vs',
};

/** A parameter of a module that is in the kernel; `undefined` when sysfs does not show it. */
export async function observeParameter(
  host: HostReader,
  module: string,
  parameter: string,
): Promise<ParameterObserved | undefined> {
  const path = parameterPath(module, parameter);
  const stat = await host.stat(path);
  if (stat === undefined) return undefined;
  const value = await readUnlessRefused(host, path);
  // sysfs refuses to read a write-only parameter even to root.
  return value === undefined ? undefined : { value: value.trim(), writable: (stat.mode & 0o200) !== 0 };
}

/** Where sysfs shows a parameter. */
export function parameterPath(module: string, parameter: string): string {
  return `/sys/module/${module}/parameters/${kernelParameter(parameter)}`;
}

async function readUnlessRefused(host: HostReader, path: string): Promise<string | undefined> {
  try {
    return await host.readFile(path);
  } catch (error) {
    if (error instanceof HostFileError && ['EACCES', 'EPERM', 'EIO', 'EINVAL'].includes(error.code)) return undefined;
    throw error;
  }
}
