/** What systemd's generators and its unit loader make of the files of a `MemoryHost`. */
import type { MemoryHost } from './memory-host.ts';

/** A unit as systemd has loaded it; what changes on disk afterwards counts from the next reload on. */
export interface LoadedUnit {
  readonly name: string;
  readonly load: 'loaded' | 'masked';
  readonly fragment: string;
  readonly source: string;
  readonly what: string;
  readonly dropIns: readonly string[];
  readonly isNeverStarted: boolean;
}

/** All that systemd knows after a reload. */
export interface LoadedUnits {
  readonly units: ReadonlyMap<string, LoadedUnit>;
  /** What swap.target pulls in. */
  readonly wanted: readonly string[];
}

/** Highest priority first (systemd.unit(5)). */
const DIRECTORIES = [
  '/run/systemd/generator.early',
  '/etc/systemd/system',
  '/run/systemd/system',
  '/run/systemd/generator',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
  '/run/systemd/generator.late',
] as const;

const FOLDERS: Readonly<Record<string, string>> = {
  LABEL: 'by-label',
  UUID: 'by-uuid',
  PARTUUID: 'by-partuuid',
  PARTLABEL: 'by-partlabel',
};

/** The unit of a device path, as systemd-escape(1) makes it. */
export function unitOf(path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  const escaped = [...Buffer.from(trimmed, 'utf8')].map((byte, at) => {
    const char = String.fromCharCode(byte);
    if (char === '/') return '-';
    const isPlain = /[A-Za-z0-9:_]/.test(char) || (char === '.' && at > 0);
    return isPlain ? char : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `${escaped.join('')}.swap`;
}

/** Runs the generators for fstab, zram and GPT: their output in /run is replaced. */
export function runGenerators(host: MemoryHost, gptSwap: string | undefined): void {
  for (const directory of ['/run/systemd/generator', '/run/systemd/generator.late']) host.put(directory, undefined);
  const make = (directory: string, what: string, source: string, isWanted: boolean) => {
    const unit = unitOf(what);
    host.put(`${directory}/${unit}`, `[Unit]\nSourcePath=${source}\n[Swap]\nWhat=${what}\n`);
    if (isWanted) host.put(`${directory}/swap.target.wants/${unit}`, { link: `../${unit}` });
  };
  const lines = fstabSwaps(host);
  for (const { what, isAuto } of lines) make('/run/systemd/generator', what, '/etc/fstab', isAuto);
  const zram = host.text('/etc/systemd/zram-generator.conf') ?? host.text('/usr/lib/systemd/zram-generator.conf') ?? '';
  for (const section of zram.split(/^(?=\[)/m)) {
    const name = /^\[(zram\d+)\]/.exec(section)?.[1];
    if (name !== undefined && !/^mount-point/m.test(section)) make('/run/systemd/generator', `/dev/${name}`, '', true);
  }
  // systemd-gpt-auto-generator leaves swap to fstab as soon as that has any.
  if (gptSwap !== undefined && lines.length === 0) make('/run/systemd/generator.late', gptSwap, '', true);
}

/** Loads every swap unit, swap.target and the given services. */
export function loadUnits(host: MemoryHost, services: readonly string[]): LoadedUnits {
  const units = new Map<string, LoadedUnit>();
  const wanted = new Set<string>();
  for (const directory of DIRECTORIES) {
    for (const path of host.nodes.keys()) {
      if (!path.startsWith(`${directory}/`)) continue;
      const name = path.slice(directory.length + 1);
      const pulled = /^swap\.target\.(?:wants|requires)\/(.+)$/.exec(name)?.[1];
      if (pulled !== undefined) wanted.add(pulled);
      const isUnit =
        !name.includes('/') && (name.endsWith('.swap') || name === 'swap.target' || services.includes(name));
      if (isUnit && !units.has(name)) units.set(name, load(host, name, path));
    }
  }
  return { units, wanted: [...wanted] };
}

function load(host: MemoryHost, name: string, path: string): LoadedUnit {
  const node = host.nodes.get(path);
  const isMasked = (node?.type === 'link' && node.target === '/dev/null') || host.text(path) === '';
  const text = host.text(path) ?? '';
  const dropIns = [...host.nodes.keys()].filter((one) => one.startsWith(`/etc/systemd/system/${name}.d/`));
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  return {
    name,
    load: isMasked ? 'masked' : 'loaded',
    fragment: path,
    source: value('SourcePath'),
    what: value('What'),
    dropIns: isMasked ? [] : dropIns,
    isNeverStarted: dropIns.some((one) => /^ConditionPathExists=!\/$/m.test(host.text(one) ?? '')),
  };
}

function fstabSwaps(host: MemoryHost): { what: string; isAuto: boolean }[] {
  return (host.text('/etc/fstab') ?? '').split('\n').flatMap((line) => {
    const [source = '', , type, options = ''] = line.split(/[ \t\r]+/).filter(Boolean);
    if (source.startsWith('#') || type !== 'swap') return [];
    const [, tag = '', value = ''] = /^([A-Z]+)=(.*)$/.exec(source) ?? [];
    const folder = FOLDERS[tag];
    const what = folder === undefined ? source : `/dev/disk/${folder}/${value}`;
    if (!what.startsWith('/')) return [];
    return [{ what: what.replaceAll('\\040', ' '), isAuto: !options.split(',').includes('noauto') }];
  });
}
