/**
 * What a kernel does with writes below /proc/sys of a `MemoryHost`. As on a real one, a value that
 * is refused leaves the old one, a vector takes as many numbers as it is given, ranges are merged,
 * some parameters cannot be read before their first write, and some change others.
 */
import { HostFileError } from '../errors.ts';
import type { MemoryBehaviour, MemoryHost } from './memory-host.ts';

/** Peculiarities of single parameters; names have dots, or slashes when a part holds a dot. */
export interface KernelFileOptions {
  /** What a parameter accepts; anything else is EINVAL. */
  readonly accepts?: Readonly<Record<string, (value: string) => boolean>>;
  /** Parameters whose read is EIO until they are written, such as stable_secret. */
  readonly secret?: readonly string[];
  /** Parameters that can only be written. */
  readonly writeOnly?: readonly string[];
  /** Parameters whose write is refused with this errno. */
  readonly refused?: Readonly<Record<string, string>>;
  /** What a parameter makes of a number, such as rounding up. */
  readonly adjusts?: Readonly<Record<string, (value: bigint) => bigint>>;
}

const ROOT = '/proc/sys/';
/** Two forms of one limit: writing one clears the other. */
const TWINS: readonly (readonly [string, string])[] = [
  ['vm/dirty_bytes', 'vm/dirty_ratio'],
  ['vm/dirty_background_bytes', 'vm/dirty_background_ratio'],
];

const PORT_RANGE = 'net/ipv4/ip_local_port_range';
const FIRST_OPEN_PORT = 'net/ipv4/ip_unprivileged_port_start';

/** The behaviour of /proc/sys. */
export function kernelFiles(options: KernelFileOptions = {}): MemoryBehaviour {
  return {
    readFile: (host, path) => checkRead(host, path, options),
    writeKernelFile: (host, path, contents) => write(host, path, contents, options),
  };
}

/** Changes a parameter as another program would, side effects included. */
export function setSysctl(host: MemoryHost, name: string, value: string): void {
  write(host, pathOf(name), value, {});
}

function pathOf(name: string): string {
  return ROOT + (name.includes('/') ? name : name.replaceAll('.', '/'));
}

function checkRead(host: MemoryHost, path: string, { secret = [], writeOnly = [] }: KernelFileOptions): void {
  if (!path.startsWith(ROOT)) return;
  if (writeOnly.some((name) => pathOf(name) === path)) {
    throw new HostFileError('read', path, 'EACCES', 'permission denied');
  }
  if (secret.some((name) => pathOf(name) === path) && host.text(path) === '') {
    throw new HostFileError('read', path, 'EIO', 'input/output error');
  }
}

function write(host: MemoryHost, path: string, contents: string, options: KernelFileOptions): boolean {
  if (!path.startsWith(ROOT)) return false;
  const old = host.text(path);
  if (old === undefined) throw new HostFileError('write', path, 'ENOENT', 'no such file or directory');
  const node = host.nodes.get(path);
  if (node?.type === 'file' && (node.mode & 0o222) === 0) throw failure(path, 'EACCES');
  const name = (names: readonly string[]) => names.find((one) => pathOf(one) === path);
  const refused = name(Object.keys(options.refused ?? {}));
  if (refused !== undefined) throw failure(path, options.refused?.[refused] ?? 'EPERM');
  const value = contents.trim();
  const accepts = name(Object.keys(options.accepts ?? {}));
  if (accepts !== undefined && options.accepts?.[accepts]?.(value) === false) throw failure(path, 'EINVAL');
  if (breaksPortBounds(host, path, value)) throw failure(path, 'EINVAL');
  const adjusts = name(Object.keys(options.adjusts ?? {}));
  const isNumeric = /^\s*-?[0-9]+(\s+-?[0-9]+)*\s*$/.test(old);
  if (path.endsWith('/ip_local_reserved_ports')) host.put(path, `${mergedRanges(path, value)}\n`);
  else if (isNumeric) writeNumbers(host, path, old, value, options.adjusts?.[adjusts ?? ''] ?? ((number) => number));
  else host.put(path, `${path.endsWith('/stable_secret') ? fullAddress(value) : value}\n`);
  sideEffects(host, path.slice(ROOT.length), old);
  return true;
}

/** Unprivileged ports begin at or before those that are handed out (ipv4_local_port_range, ipv4_privileged_ports). */
function breaksPortBounds(host: MemoryHost, path: string, value: string): boolean {
  const numbers = (text: string | undefined) => (text ?? '').trim().split(/\s+/).map(Number);
  if (path === ROOT + PORT_RANGE) {
    const [from = 0, to = 0] = numbers(value);
    const [open = 0] = numbers(host.text(ROOT + FIRST_OPEN_PORT));
    return to < from || from < open;
  }
  const [from = 65_535] = numbers(host.text(ROOT + PORT_RANGE) ?? '65535');
  return path === ROOT + FIRST_OPEN_PORT && Number(value) > from;
}

/** Number after number, as proc_dointvec does: what came before a bad one has changed already. */
function writeNumbers(
  host: MemoryHost,
  path: string,
  old: string,
  value: string,
  adjust: (value: bigint) => bigint,
): void {
  const numbers = old.trim().split(/\s+/);
  const fields = value.split(/\s+/).slice(0, numbers.length);
  for (const [at, field] of fields.entries()) {
    const number = kernelNumber(field);
    if (number === undefined) throw failure(path, 'EINVAL');
    numbers[at] = String(adjust(number));
    host.put(path, `${numbers.join('\t')}\n`);
  }
}

/** Base 0 of the kernel: a leading zero makes a number octal. */
function kernelNumber(field: string): bigint | undefined {
  const match = /^(-?)(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$/i.exec(field);
  if (match === null) return undefined;
  const digits = match[2] as string;
  const magnitude = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return match[1] === '-' ? -magnitude : magnitude;
}

function mergedRanges(path: string, value: string): string {
  const bits = new Set<number>();
  for (const part of value === '' ? [] : value.split(',')) {
    const match = /^([0-9]+)(?:-([0-9]+))?$/.exec(part);
    const [from, to] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
    if (match === null || to < from || to > 65535) throw failure(path, 'EINVAL');
    for (let bit = from; bit <= to; bit += 1) bits.add(bit);
  }
  const ranges: [number, number][] = [];
  for (const bit of [...bits].toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1 === bit) last[1] = bit;
    else ranges.push([bit, bit]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** The kernel prints all eight groups of an address. */
function fullAddress(value: string): string {
  const [head = '', tail = ''] = value.split('::');
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const missing = 8 - groups(head).length - groups(tail).length;
  const zeros = Array.from({ length: missing }, () => '0');
  return [...groups(head), ...zeros, ...groups(tail)].map((group) => group.padStart(4, '0')).join(':');
}

function sideEffects(host: MemoryHost, keyPath: string, old: string): void {
  const value = host.text(ROOT + keyPath) ?? '';
  const put = (target: string, content: string) => {
    if (host.text(ROOT + target) !== undefined) host.put(ROOT + target, content);
  };
  for (const [a, b] of TWINS) {
    if (keyPath === a) put(b, '0\n');
    if (keyPath === b) put(a, '0\n');
  }
  if (keyPath === 'net/ipv4/tcp_congestion_control') {
    const allowed = 'net/ipv4/tcp_allowed_congestion_control';
    const words = new Set(`${host.text(ROOT + allowed) ?? ''} ${value}`.trim().split(/\s+/));
    put(allowed, `${[...words].join(' ')}\n`);
  }
  const isForwarding = keyPath === 'net/ipv4/ip_forward' || keyPath === 'net/ipv4/conf/all/forwarding';
  if (!isForwarding || old.trim() === value.trim()) return;
  // An equal write is inert; a change resets what was said of single interfaces (measured).
  put('net/ipv4/ip_forward', value);
  for (const path of host.nodes.keys())
    if (/^\/proc\/sys\/net\/ipv4\/conf\/[^/]+\/forwarding$/.test(path)) host.put(path, value);
}

function failure(path: string, code: string): HostFileError {
  const texts: Readonly<Record<string, string>> = {
    EINVAL: 'invalid argument',
    EPERM: 'operation not permitted',
    EACCES: 'permission denied',
    EROFS: 'read-only file system',
  };
  return new HostFileError('write', path, code, texts[code] ?? code);
}
