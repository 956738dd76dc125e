/**
 * A running host seen from a container (`--host-root /host`): its files are below a directory where
 * the whole of its root is mounted, its kernel is the one we run on, and its commands are started in
 * its own mount namespace.
 *
 * What a kernel parameter means depends on the namespaces of the process that reads it, not on the
 * mount it is read through. So all of them are compared with those of process 1 before anything is
 * looked at: a value of the container taken for one of the host would be a lie in every report.
 */
import { lstatSync, readlinkSync, realpathSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { HostRootError } from '../errors.ts';
import { directoryHost } from './directory-host.ts';
import { assertPath, errnoOf } from './files/file-errors.ts';
import { pathToBytes } from '../file-names.ts';
import type { Lookup, Places } from './place.ts';
import { KernelResolvedPlace } from './whole-host.ts';

/** Type of procfs for statfs(2). */
const PROC_SUPER_MAGIC = 0x9fa0;

/** The namespaces that decide what is seen below /proc, and what a pod says to have the host's. */
const NAMESPACES = [
  ['net', 'hostNetwork: true'],
  ['pid', 'hostPID: true'],
  ['ipc', 'hostIPC: true'],
  ['uts', 'hostNetwork: true'],
  ['user', 'no "hostUsers: false"'],
] as const;

/** What is not there costs ten times as much when it is told by an error. */
const IF_THERE = { throwIfNoEntry: false } as const;

/** Places that a bind mount of the root shows only when it is recursive. */
const MOUNTED = ['', 'proc', 'sys', 'run', 'dev', 'etc', 'var'];

/** Throws `HostRootError` unless `root` is all of the running host and this process is in its namespaces. */
export function assertLiveRoot(root: string): void {
  const refuse = (detail: string): never => {
    throw new HostRootError(`Cannot use "${root}" as the root of the running host: ${detail}`);
  };
  if (!isProc(`${root}/proc`)) {
    refuse(`there is no /proc in it; mount the host's "/" there with everything below (a hostPath volume of "/")`);
  }
  const foreign: string[] = [];
  for (const [kind, setting] of NAMESPACES) {
    const ours = namespaceOf(`/proc/self/ns/${kind}`, refuse);
    const theirs = namespaceOf(`${root}/proc/1/ns/${kind}`, refuse);
    if (ours !== theirs && !foreign.includes(setting)) foreign.push(setting);
  }
  if (foreign.length > 0) {
    refuse(
      `this process is not in the host's namespaces, so it would see and set the container's kernel parameters; the pod needs ${foreign.join(', ')}`,
    );
  }
  for (const name of MOUNTED) {
    if (identityOf(`${root}/proc/1/root/${name}`) === identityOf(`${root}/${name}`)) continue;
    refuse(
      `"${root}/${name}" is not the "/${name}" of process 1; mount the host's "/" there, with everything below (a hostPath volume of "/", not read-only)`,
    );
  }
}

/**
 * The places of a running host below `root`. Links are resolved inside of it as the host itself
 * would; sysctls and sysfs, where all links are relative, and paths without links are left to the kernel.
 */
export function liveHost(root: string): Places {
  const below = directoryHost(root, 'running');
  return {
    find: (action, path, lookup) => {
      assertPath(action, path);
      if (!/\/(\.\.?)?(\/|$)/.test(path)) {
        if (/^\/(proc\/sys|sys)\//.test(path)) return new KernelResolvedPlace(root, path);
        const way = wayTo(root, path, lookup);
        if (way === 'absent') return undefined;
        if (way === 'plain') return new KernelResolvedPlace(root, path);
      }
      return below.find(action, path, lookup);
    },
    makeParents: below.makeParents,
  };
}

/**
 * Most paths have no link on their way; then the kernel finds the same as we would, at a fraction of the
 * cost. A change in between does not matter: the host is root's, as we are.
 */
function wayTo(root: string, path: string, lookup: Lookup): 'plain' | 'absent' | 'links' {
  const directory = `${root}${dirname(path)}`.replace(/\/$/, '');
  try {
    if (lstatSync(directory, IF_THERE) === undefined || realpathSync.native(directory) !== directory) return 'links';
    if (lookup !== 'read') return 'plain';
    const last = lstatSync(pathToBytes(`${root}${path}`), IF_THERE);
    if (last === undefined) return 'absent';
    return last.isSymbolicLink() ? 'links' : 'plain';
  } catch {
    // Whatever is the matter, the walk finds it out and says it.
    return 'links';
  }
}

/** What a command is started by, so that it finds the files of the host below "/". */
export function enterHost(root: string): readonly string[] {
  // The other namespaces are the same already, so nsenter need not fork, and the command stays in our process group.
  return ['nsenter', `--mount=${root}/proc/1/ns/mnt`, '--'];
}

function isProc(path: string): boolean {
  try {
    return statfsSync(path).type === PROC_SUPER_MAGIC;
  } catch {
    return false;
  }
}

function namespaceOf(link: string, refuse: (detail: string) => never): string {
  try {
    return readlinkSync(link);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EACCES' || code === 'EPERM') {
      return refuse(
        `"${link}" cannot be read (${code}); the container needs root, the capability SYS_PTRACE, and no AppArmor profile that keeps it from looking at process 1`,
      );
    }
    return refuse(`"${link}" cannot be read (${code ?? String(error)}); the pod needs hostPID: true`);
  }
}

/** Two paths with the same identity are the same file on the same file system. */
function identityOf(path: string): string {
  try {
    const { dev, ino } = path.endsWith('/') ? statSync(path) : lstatSync(path);
    return `${dev}:${ino}`;
  } catch (error) {
    return errnoOf(error) ?? 'unknown';
  }
}
