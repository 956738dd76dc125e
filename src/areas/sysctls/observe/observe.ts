/** Reads what the host shows of the declared parameters, of our own files and of the whole sysctl.d chain. */
import { sysctlPath } from '../../../api/names/sysctl-names.ts';
import { HostFileError } from '../../../host/errors.ts';
import type { HostReader, Kernel } from '../../../host/host.ts';
import type { Memory } from '../../area.ts';
import type { Desired } from '../desired.ts';
import { interfaceOf, keyPathFrom, trustedPath } from '../values/key-path.ts';
import { CONF_PATH, parseOwnConf, rememberedNames, RULES_PATH } from '../boot-files/own-files.ts';
import { type MemorySize, parseMemorySize } from '../values/memory.ts';
import { isSatisfied } from '../values/match.ts';
import { companionsOf } from '../values/together.ts';
import { normalise } from '../values/parse.ts';
import { type LaterRule, observeLater } from '../boot-files/other-programs.ts';
import { type Chain, observeChain } from '../boot-files/sysctl-d.ts';

/** What the kernel shows of one parameter. */
export type LiveState =
  | { readonly state: 'value'; readonly value: string }
  /** It exists and cannot be read: before its first write (EIO), or ever (EACCES). */
  | { readonly state: 'unreadable'; readonly code: string; readonly why: string }
  | { readonly state: 'absent'; readonly why?: string };

/** One of our own files, with the values that a sysctl.d file sets. `odd` is a link or directory in its place, which is never written. */
export type OwnFile =
  | { readonly state: 'absent' }
  | { readonly state: 'file'; readonly bytes: string; readonly values: ReadonlyMap<string, string> }
  | { readonly state: 'odd'; readonly what: string };

/** What this area sees. */
export interface Observed {
  readonly kernel: Kernel;
  /** Whether there is a /proc/sys to compare with; without one only the next reboot counts. */
  readonly hasLive: boolean;
  /** By canonical name: everything declared, in our own file, or remembered. */
  readonly live: ReadonlyMap<string, LiveState>;
  readonly conf: OwnFile;
  readonly rules: OwnFile;
  readonly chain: Chain;
  readonly memory: MemorySize;
  /** Values of parameters that are not declared, and that declared ones are judged with. */
  readonly companions: ReadonlyMap<string, string>;
  /** Number of the interface of a declared parameter that differs: one that was made anew has another. */
  readonly interfaces: ReadonlyMap<string, string>;
  /** Parameters that no one can set, by the mode of their file; looked at before a value is set or persisted. */
  readonly readOnly: ReadonlySet<string>;
  /** What other programs set at boot, after the chain. */
  readonly later: readonly LaterRule[];
  /** Path of systemd-sysctl on this host, for the udev rule. */
  readonly program: string;
}

const ANYONE_WRITES = 0o222;

/** Reads the host. Throws `HostFileError` when one of our own files cannot be read. */
export async function observeSysctls(
  host: HostReader,
  desired: Desired,
  signal: AbortSignal,
  memory: Memory = new Map(),
): Promise<Observed> {
  const [conf, rules] = [await ownFile(host, CONF_PATH), await ownFile(host, RULES_PATH)];
  const [files, later] = [await observeChain(host), await observeLater(host)];
  const chain = { ...files, problems: [...files.problems, ...later.problems] };
  signal.throwIfAborted();
  const owned: ReadonlyMap<string, string> = conf.state === 'file' ? conf.values : new Map();
  const wanted = [...desired.entries.map((entry) => entry.name), ...owned.keys(), ...rememberedNames(memory)];
  const names = [...new Set(wanted)].filter((name) => trustedPath(name) !== undefined);
  const states = host.kernel === 'absent' ? [] : await Promise.all(names.map((name) => observeLive(host, name)));
  const hasLive = states.some(({ state }) => state !== 'absent') || (await hasParameters(host));
  const live = new Map<string, LiveState>();
  if (hasLive) for (const [at, name] of names.entries()) live.set(name, states[at] as LiveState);
  const interfaces = await interfacesOf(host, desired, live);
  return {
    kernel: host.kernel,
    interfaces,
    readOnly: await readOnlyOf(host, desired, live, owned),
    hasLive,
    live,
    conf,
    rules,
    chain,
    companions: await companionsOn(host, names),
    memory: parseMemorySize((await host.readFile('/proc/meminfo')) ?? ''),
    later: later.rules,
    program: await sysctlProgram(host),
  };
}

async function companionsOn(host: HostReader, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  if (host.kernel === 'absent') return found;
  for (const name of new Set(names.flatMap(companionsOf))) {
    const live = names.includes(name) ? undefined : await observeLive(host, name);
    if (live?.state === 'value') found.set(name, live.value);
  }
  return found;
}

/** A value that is persisted and in force was set once, so most passes look at no file. */
async function readOnlyOf(
  host: HostReader,
  { entries }: Desired,
  live: ReadonlyMap<string, LiveState>,
  owned: ReadonlyMap<string, string>,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const entry of entries) {
    const state = live.get(entry.name);
    if (state?.state !== 'value' || (owned.has(entry.name) && isSatisfied(entry, state.value))) continue;
    const path = trustedPath(entry.name);
    const stat = path === undefined ? undefined : await host.stat(path);
    if (stat !== undefined && (stat.mode & ANYONE_WRITES) === 0) found.add(entry.name);
  }
  return found;
}

async function interfacesOf(
  host: HostReader,
  desired: Desired,
  live: ReadonlyMap<string, LiveState>,
): Promise<ReadonlyMap<string, string>> {
  const numbers = new Map<string, string>();
  for (const entry of desired.entries) {
    const state = live.get(entry.name);
    if (state?.state !== 'value' || isSatisfied(entry, state.value)) continue;
    const device = interfaceOf(keyPathFrom(entry.name));
    if (device === undefined) continue;
    const number = await host.readFile(`/sys/class/net/${device}/ifindex`).catch(() => undefined);
    if (number !== undefined) numbers.set(entry.name, number.trim());
  }
  return numbers;
}

/** Asked only when no parameter is there that would answer it. */
async function hasParameters(host: HostReader): Promise<boolean> {
  return host.kernel !== 'absent' && (await host.stat('/proc/sys')) !== undefined;
}

/** Reads one live value. */
export async function observeLive(host: HostReader, name: string): Promise<LiveState> {
  try {
    const live = await host.parsed(trustedPath(name) ?? sysctlPath(name), liveValue);
    if (live !== undefined) return live;
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    if (error.code === 'EISDIR') return { state: 'absent', why: 'it is a directory of parameters' };
    return { state: 'unreadable', code: error.code, why: error.message };
  }
  const why = await absence(host, keyPathFrom(name));
  return { state: 'absent', ...(why === undefined ? {} : { why }) };
}

function liveValue(text: string): LiveState {
  return { state: 'value', value: normalise(text) };
}

/** The plain reasons for which a family of parameters is missing. */
async function absence(host: HostReader, keyPath: string): Promise<string | undefined> {
  const exists = async (path: string) => (await host.stat(`/proc/sys/${path}`)) !== undefined;
  if (keyPath.startsWith('net/ipv6/') && !(await exists('net/ipv6'))) {
    return 'this kernel runs without IPv6 (ipv6.disable=1, or built without it)';
  }
  if (((await host.listDirectory('/proc/sys')) ?? []).length === 0) {
    return '/proc/sys is empty or not there: mount it ("mount -t proc proc /proc"), or give a container the /proc of the host';
  }
  const device = interfaceOf(keyPath);
  const family = keyPath.split('/').slice(0, 3).join('/');
  if (device === undefined || (await exists(`${family}/${device}`))) return undefined;
  return `there is no network interface "${device}"`;
}

async function ownFile(host: HostReader, path: string): Promise<OwnFile> {
  const stat = await host.stat(path);
  if (stat === undefined) return { state: 'absent' };
  if (stat.type === 'link') return { state: 'odd', what: `a link to ${(await host.readLink(path)) ?? 'nowhere'}` };
  if (stat.type !== 'file')
    return { state: 'odd', what: stat.type === 'directory' ? 'a directory' : 'no regular file' };
  return (await host.parsed(path, parseOwnFile, 'bytes')) ?? { state: 'absent' };
}

function parseOwnFile(bytes: string, path: string): OwnFile {
  return { state: 'file', bytes, values: path === CONF_PATH ? parseOwnConf(bytes) : new Map() };
}

/** Without a merged /usr the program lies in /lib only. */
async function sysctlProgram(host: HostReader): Promise<string> {
  const [merged, split] = ['/usr/lib/systemd/systemd-sysctl', '/lib/systemd/systemd-sysctl'];
  if ((await host.stat(merged)) === undefined && (await host.stat(split)) !== undefined) return split;
  return merged;
}
