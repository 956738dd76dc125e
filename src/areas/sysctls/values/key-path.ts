/** The two spellings of a kernel parameter: its path below /proc/sys, and the name that people and files use. */
import { memoised } from '../../memoised.ts';
import { canonicalSysctl, deniedSysctl, sysctlPath } from '../../../api/names/sysctl-names.ts';

/**
 * The path below `/proc/sys` for any spelling that the sysctl.d readers accept, patterns included.
 * As in sysctl.d(5): when the first separator is a dot, dots and slashes are interchanged.
 */
export const keyPathFrom = memoised((spelling: string): string => {
  const first = /[./]/.exec(spelling)?.[0];
  const swapped = first === '.' ? spelling.replaceAll(/[./]/g, (mark) => (mark === '.' ? '/' : '.')) : spelling;
  return swapped
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
});

/** The canonical name of a path: dots, unless a component holds a dot itself (`net/ipv4/conf/eth0.100/forwarding`). */
export function nameFrom(keyPath: string): string {
  return keyPath.includes('.') ? keyPath : keyPath.replaceAll('/', '.');
}

/** The canonical form of a name from a ledger or a file of ours; `undefined` for what must never become a path. */
export function trustedName(name: string): string | undefined {
  return trustedFrom(name)?.name;
}

/** The file of a canonical name; `undefined` for what must never become a path. */
export function trustedPath(name: string): string | undefined {
  const found = trustedFrom(name);
  return found?.name === name ? found.path : undefined;
}

interface Trusted {
  readonly name: string;
  readonly path: string;
}

/** Asked for every declared name several times in every pass. */
const trustedFrom = memoised((name: string): Trusted | undefined => {
  if (deniedSysctl(name) !== undefined) return undefined;
  try {
    const canonical = canonicalSysctl(name);
    return { name: canonical, path: sysctlPath(canonical) };
  } catch {
    return undefined;
  }
});

/** The interface whose parameter this is, when there is one: `eth0` of `net/ipv4/conf/eth0/forwarding`. */
export function interfaceOf(keyPath: string): string | undefined {
  const name = /^net\/ipv[46]\/(?:conf|neigh)\/([^/]+)\//.exec(keyPath)?.[1];
  return name === undefined || name === 'all' || name === 'default' ? undefined : name;
}

/**
 * Order of writing: wide before narrow. ip_forward and `conf.all` reset the same setting of every
 * interface, so what is said of one interface must come after them.
 */
export function compareForWriting(a: string, b: string): number {
  return breadth(a) - breadth(b) || (a < b ? -1 : a > b ? 1 : 0);
}

const breadth = memoised((name: string): number => {
  if (name === 'net.ipv4.ip_forward') return 0;
  if (/^net\.ipv[46]\.(conf|neigh)\.all\./.test(name)) return 1;
  if (/^net\.ipv[46]\.(conf|neigh)\.default\./.test(name)) return 2;
  return 3;
});
