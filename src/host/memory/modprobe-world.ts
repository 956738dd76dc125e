/** What modprobe reads before it acts: its arguments, the module tree, modprobe.d, the command line. */
import type { MemoryHost } from './memory-host.ts';

/** The parts of a modprobe command line that the memory host knows. */
export interface ModprobeCommand {
  readonly name: string;
  /** Parameters on the command line, such as `hashsize=1`. */
  readonly given: readonly string[];
  readonly useBlacklist: boolean;
}

/** Takes a modprobe command apart. */
export function parseCommand(args: readonly string[]): ModprobeCommand {
  const end = args.indexOf('--');
  const isFlag = (arg: string, at: number) => arg.startsWith('-') && (end < 0 || at <= end);
  const flags = new Set(args.filter(isFlag));
  const [name = '', ...given] = args.filter((arg, at) => !isFlag(arg, at));
  return { name: underscored(name), given, useBlacklist: flags.has('-b') || flags.has('--use-blacklist') };
}

/** The configuration that modprobe finds. */
export interface ModprobeWorld {
  readonly release: string;
  readonly builtIn: ReadonlySet<string>;
  /** Dependencies by module. */
  readonly loadable: ReadonlyMap<string, readonly string[]>;
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly installs: ReadonlyMap<string, string>;
  readonly blacklisted: ReadonlySet<string>;
  /** By `module_blacklist=`, which the kernel itself enforces. */
  readonly forbidden: ReadonlySet<string>;
  readonly realName: (name: string) => string;
}

/** Reads the world as modprobe would find it now. */
export function readModprobeWorld(host: MemoryHost): ModprobeWorld {
  const release = host.text('/proc/sys/kernel/osrelease')?.trim() ?? '';
  const read = (file: string) => lines(host.text(`/lib/modules/${release}/${file}`));
  const loadable = new Map<string, string[]>();
  for (const line of read('modules.dep')) {
    const [path = '', dependencies = ''] = line.split(':');
    loadable.set(moduleOf(path), dependencies.trim().split(/\s+/).filter(Boolean).map(moduleOf));
  }
  const builtIn = new Set(read('modules.builtin').map(moduleOf));
  const aliases = new Map(
    read('modules.alias')
      .map((line) => line.split(/\s+/))
      .map(([, from, to]) => [from, to]),
  );
  const words = configLines(host).map((line) => line.trim().split(/\s+/));
  const config = (directive: string) => words.filter(([word]) => word === directive);
  const options = new Map<string, string[]>();
  for (const line of configLines(host)) {
    const [, name, given] = /^\s*options\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (name === undefined || given === undefined) continue;
    options.set(underscored(name), [...(options.get(underscored(name)) ?? []), ...kernelWords(given)]);
  }
  const forbidden = /(?:^|\s)module_blacklist=(\S+)/.exec(host.text('/proc/cmdline') ?? '')?.[1] ?? '';
  return {
    release,
    builtIn,
    loadable,
    options,
    installs: new Map(config('install').map(([, name = '', ...rest]) => [underscored(name), rest.join(' ')])),
    blacklisted: new Set(config('blacklist').map(([, name = '']) => underscored(name))),
    forbidden: new Set(forbidden.split(',').map(underscored)),
    realName: (name) => (loadable.has(name) || builtIn.has(name) ? name : underscored(aliases.get(name) ?? name)),
  };
}

/** Words as the kernel takes them apart (`next_arg`): a blank between quotes separates nothing. */
function kernelWords(options: string): string[] {
  return options.replaceAll('\t', ' ').match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
}

/** The lines of modprobe.d in force: /etc hides /usr/lib, which hides /lib, by file name. */
function configLines(host: MemoryHost): string[] {
  const files = new Map<string, string>();
  for (const folder of ['/etc/modprobe.d', '/run/modprobe.d', '/usr/lib/modprobe.d', '/lib/modprobe.d']) {
    for (const path of host.nodes.keys()) {
      const name = path.slice(folder.length + 1);
      const isHere = path.startsWith(`${folder}/`) && name.endsWith('.conf') && !name.includes('/');
      if (isHere && !files.has(name)) files.set(name, path);
    }
  }
  return [...files].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, path]) => lines(host.text(path)));
}

function lines(text: string | undefined): string[] {
  return (text ?? '').split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

function moduleOf(path: string): string {
  return underscored((path.trim().split('/').at(-1) ?? '').replace(/\.ko(\.\w+)?$/, ''));
}

function underscored(name: string): string {
  return name.replaceAll('-', '_');
}
