/** Which files and flags the kubelet of this host is configured by. What they mean is the business of each area. */
import { parseYaml } from '../api/yaml/yaml.ts';
import { tooMuchIn } from '../host/file-limits.ts';
import type { HostReader } from '../host/host.ts';
import { isTable, type Table } from './tables.ts';
import { type ConfigFile, readAll, readUnit } from './unit-files.ts';

/** What a configuration file of the kubelet says, or why that cannot be understood: `is not a KubeletConfiguration`. */
type Said = { readonly text: string } & ({ readonly settings: Table } | { readonly problem: string });

/** A configuration file of the kubelet. */
export type KubeletConfig = Said & ConfigFile;

/** What configures the kubelet. Later files win over earlier ones, and flags over files. */
export interface KubeletFiles {
  /** The configuration file and drop-ins, as far as they exist. */
  readonly configs: readonly KubeletConfig[];
  /** The configuration file, whether it exists or not. */
  readonly main: string;
  /** The folder of drop-ins that a flag names. */
  readonly dropIns?: string;
  /** Files with flags for the next start. */
  readonly flags: readonly ConfigFile[];
  /** Where the flags in force are: the command line of a running kubelet, otherwise unit and files. */
  readonly inForce: readonly ConfigFile[];
  readonly isRunning: boolean;
}

/** The configuration file that kubeadm writes at join. */
export const KUBELET_CONFIG = '/var/lib/kubelet/config.yaml';
/** The folder that documentation and tools name for drop-ins; worth watching, though it counts only by a flag. */
export const USUAL_DROP_INS = '/etc/kubernetes/kubelet.conf.d';
/** Where flags are kept, in the order in which kubeadm's unit puts them on the command line. */
export const KUBELET_FLAGS: readonly string[] = [
  '/var/lib/kubelet/kubeadm-flags.env',
  '/etc/default/kubelet',
  '/etc/sysconfig/kubelet',
];

/** The unit that runs it. */
export const KUBELET_UNIT = 'kubelet.service';
/** Where the processes of the unit are listed: cgroup v2, then v1. */
const PROCESSES = [
  `/sys/fs/cgroup/system.slice/${KUBELET_UNIT}/cgroup.procs`,
  `/sys/fs/cgroup/systemd/system.slice/${KUBELET_UNIT}/cgroup.procs`,
];

/** More drop-ins than this are no configuration, and all of them together would fill the memory of the daemon. */
const MOST_DROP_INS = 100;

/** Reads everything that configures the kubelet. Throws `HostFileError`. */
export async function readKubelet(host: HostReader): Promise<KubeletFiles> {
  const flags = await readAll(host, KUBELET_FLAGS);
  const running = await commandLine(host);
  const inForce = running === undefined ? [...(await readUnit(host, KUBELET_UNIT)), ...flags] : [running];
  const config = lastFlag(inForce, 'config')?.value ?? KUBELET_CONFIG;
  // There is no default folder: drop-ins count only when the flag names one.
  const folder = lastFlag(inForce, 'config-dir')?.value;
  const names = folder === undefined ? [] : ((await host.listDirectory(folder)) ?? []);
  const files = names.filter((name) => name.endsWith('.conf')).map((name) => `${folder}/${name}`);
  if (files.length > MOST_DROP_INS) throw tooMuchIn(folder ?? '', `${MOST_DROP_INS} files`);
  const configs: KubeletConfig[] = [];
  for (const file of [config, ...files]) {
    const found = await host.parsed(file, configFrom);
    if (found !== undefined) configs.push({ file, ...found });
  }
  const dropIns = folder === undefined ? {} : { dropIns: folder };
  return { configs, main: config, ...dropIns, flags, inForce, isRunning: running !== undefined };
}

/** What a file says. Never throws; an empty file is a configuration without settings. */
export function configFrom(text: string): Said {
  const parsed = parseYaml(text);
  if ('problem' in parsed) return { text, problem: `is not YAML (${parsed.problem.split('\n')[0]})` };
  const settings = parsed.value ?? {};
  return isTable(settings) ? { text, settings } : { text, problem: 'is not a KubeletConfiguration' };
}

/** The last value of a flag with its place; comments do not count. */
export function lastFlag(
  files: readonly ConfigFile[],
  flag: string,
): { readonly value: string; readonly file: string; readonly line?: number } | undefined {
  const pattern = new RegExp(`(?:^|[\\s"'=])--${flag}(?:=|\\s+)["']?([^\\s"']+)`, 'g');
  for (const { file, text } of files.toReversed()) {
    for (const [at, line] of [...text.split('\n').entries()].toReversed()) {
      const value = /^\s*[#;]/.test(line) ? undefined : [...line.matchAll(pattern)].at(-1)?.[1];
      if (value === undefined || value.startsWith('$')) continue;
      return { value, file, ...(file.startsWith('/proc/') ? {} : { line: at + 1 }) };
    }
  }
  return undefined;
}

/** The flags of the running kubelet, separated by blanks. */
async function commandLine(host: HostReader): Promise<ConfigFile | undefined> {
  for (const path of PROCESSES) {
    const pids = ((await host.readFile(path)) ?? '').split('\n').filter((pid) => /^[1-9]\d*$/.test(pid));
    // It starts few programs of its own, such as mount.
    for (const pid of pids.slice(0, 16)) {
      const file = `/proc/${pid}/cmdline`;
      const text = (await host.readFile(file)) ?? '';
      const [program = ''] = text.split('\0');
      if (/(^|\/)kubelet$/.test(program)) return { file, text: text.replaceAll('\0', ' ') };
    }
  }
  return undefined;
}
