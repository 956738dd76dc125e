/**
 * What modprobe and the kernel's module loader do to a `MemoryHost`: they read the module tree of
 * the running release, modprobe.d and the kernel command line, and create what a loaded module
 * shows. As with the real one, a `blacklist` line does not stop a module that is asked for by name.
 */
import { CommandError } from '../errors.ts';
import type { Command, CommandOutput } from '../host.ts';
import { parseCommand, readModprobeWorld, type ModprobeWorld } from './modprobe-world.ts';
import type { MemoryBehaviour, MemoryHost } from './memory-host.ts';

/** A parameter that a module shows once it is loaded. */
export interface MemoryParameter {
  /** As sysfs shows it: `Y`, `65536`, `1,0`. */
  readonly value: string;
  /** False when the kernel takes it at load time only. */
  readonly writable?: boolean;
}

/** What this kernel does with modules, beyond what its files say. */
export interface ModprobeOptions {
  /** By module; a parameter that is not named here is accepted and not shown. */
  readonly parameters?: Readonly<Record<string, Readonly<Record<string, MemoryParameter>>>>;
  /** Modules whose signature the kernel refuses. */
  readonly unsigned?: readonly string[];
  /** Modules whose initialisation never ends, so that the time limit strikes. */
  readonly hanging?: readonly string[];
  /** Whether the caller may load modules at all. Default true. */
  readonly privileged?: boolean;
}

const done: CommandOutput = { stdout: '', stderr: '' };

/** The behaviour of modprobe; leave it out for a host without that command. */
export function modprobe(options: ModprobeOptions = {}): MemoryBehaviour {
  return {
    commands: { modprobe: (host, args, command) => run(host, args, command, options) },
    writeKernelFile: (host, path, contents) => writeParameter(host, path, contents, options),
  };
}

function run(host: MemoryHost, args: readonly string[], command: Command, options: ModprobeOptions): CommandOutput {
  const { name, given, useBlacklist } = parseCommand(args);
  const world = readModprobeWorld(host);
  const fail = (stderr: string): never => {
    throw new CommandError(command, { exitCode: 1, stderr: `${stderr}\n`, detail: stderr });
  };
  const real = world.realName(name);
  if (isPresent(host, real) || world.builtIn.has(real)) return done;
  if (!world.loadable.has(real)) {
    return fail(`modprobe: FATAL: Module ${name} not found in directory /lib/modules/${world.release}`);
  }
  if (useBlacklist && world.blacklisted.has(real)) return done;
  const install = world.installs.get(real);
  if (install !== undefined && /^\S*\btrue\b/.test(install)) return done;
  if (install !== undefined && /^\S*\bfalse\b/.test(install)) {
    return fail(`modprobe: ERROR: ../libkmod/libkmod-module.c:1084 command_do() Error running install command '${install}' for module ${real}: retcode 1
modprobe: ERROR: could not insert '${name}': Invalid argument`);
  }
  if ((options.hanging ?? []).includes(real)) {
    throw new CommandError(command, { timedOut: true, detail: 'it did not end within 30000 ms' });
  }
  const reason = refusal(host, real, world, options);
  if (reason !== undefined) return fail(`modprobe: ERROR: could not insert '${name}': ${reason}`);
  for (const dependency of world.loadable.get(real) ?? []) insert(host, dependency, world, options, []);
  insert(host, real, world, options, given);
  return done;
}

function refusal(host: MemoryHost, name: string, world: ModprobeWorld, options: ModprobeOptions): string | undefined {
  if (host.text('/proc/modules') === undefined) return 'Function not implemented';
  const isForbidden = host.text('/proc/sys/kernel/modules_disabled')?.trim() === '1' || options.privileged === false;
  if (isForbidden || world.forbidden.has(name)) return 'Operation not permitted';
  return (options.unsigned ?? []).includes(name) ? 'Key was rejected by service' : undefined;
}

function isPresent(host: MemoryHost, name: string): boolean {
  return host.nodes.has(`/sys/module/${name}`);
}

function insert(
  host: MemoryHost,
  name: string,
  world: ModprobeWorld,
  options: ModprobeOptions,
  given: readonly string[],
): void {
  if (isPresent(host, name) || world.builtIn.has(name)) return;
  host.put(`/sys/module/${name}/initstate`, 'live\n');
  host.put('/proc/modules', `${name} 16384 0 - Live 0x0000000000000000\n${host.text('/proc/modules') ?? ''}`);
  const wanted = new Map(
    [...(world.options.get(name) ?? []), ...given].map((word) => {
      const at = word.indexOf('=');
      return at < 0 ? [word, ''] : [word.slice(0, at).replaceAll('-', '_'), word.slice(at + 1).replaceAll('"', '')];
    }),
  );
  for (const [parameter, known] of Object.entries(options.parameters?.[name] ?? {})) {
    const path = `/sys/module/${name}/parameters/${parameter}`;
    const value = shownAs(known, wanted.get(parameter) ?? known.value);
    host.put(path, `${value}\n`);
    host.nodes.set(path, { type: 'file', content: `${value}\n`, mode: known.writable === true ? 0o644 : 0o444 });
  }
  createEffects(host, name);
}

/** A boolean parameter takes many words and shows one of two letters. */
function shownAs(known: MemoryParameter, value: string): string {
  if (!/^[YN]$/.test(known.value)) return value.trim();
  return /^(1|y|t|on)/i.test(value.trim()) ? 'Y' : 'N';
}

function writeParameter(host: MemoryHost, path: string, contents: string, options: ModprobeOptions): boolean {
  const match = /^\/sys\/module\/([^/]+)\/parameters\/([^/]+)$/.exec(path);
  const known = options.parameters?.[match?.[1] ?? '']?.[match?.[2] ?? ''];
  if (known === undefined) return false;
  host.put(path, `${shownAs(known, contents)}\n`);
  return true;
}

/** Defaults of net/bridge/br_netfilter_hooks.c. */
const BRIDGE_SYSCTLS: Readonly<Record<string, string>> = {
  'bridge-nf-call-arptables': '1',
  'bridge-nf-call-ip6tables': '1',
  'bridge-nf-call-iptables': '1',
  'bridge-nf-filter-pppoe-tagged': '0',
  'bridge-nf-filter-vlan-tagged': '0',
  'bridge-nf-pass-vlan-input-dev': '0',
};

function createEffects(host: MemoryHost, name: string): void {
  const putMissing = (path: string, value: string) => {
    if (!host.nodes.has(path)) host.put(path, `${value}\n`);
  };
  if (name === 'br_netfilter') {
    for (const [key, value] of Object.entries(BRIDGE_SYSCTLS)) putMissing(`/proc/sys/net/bridge/${key}`, value);
  }
  if (name === 'nf_conntrack') putMissing('/proc/sys/net/netfilter/nf_conntrack_max', '262144');
  if (name === 'ip_vs') putMissing('/proc/sys/net/ipv4/vs/conntrack', '0');
  if (['overlay', 'fuse', 'ceph', 'xfs', 'btrfs'].includes(name)) {
    host.put('/proc/filesystems', `${host.text('/proc/filesystems') ?? ''}nodev\t${name}\n`);
  }
}
