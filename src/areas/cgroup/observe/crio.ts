/** What CRI-O makes of its configuration files. */
import type { CgroupDriver } from '../../../api/parts/cgroup.ts';
import { HostFileError } from '../../../host/errors.ts';
import type { HostReader } from '../../../host/host.ts';
import { objectIn } from '../../tables.ts';
import type { ConfigFile } from '../../unit-files.ts';
import { type ConfigProblem, type Place, placeOf, placeText, type RuntimeConfig } from './runtime-config.ts';
import { type TomlFile, tomlFrom } from './toml.ts';

const MAIN = '/etc/crio/crio.conf';
/** Where CRI-O reads drop-ins. */
export const DROP_INS = '/etc/crio/crio.conf.d';

/** The main file, then the drop-ins in the order of their names, and what cannot be read. */
export interface CrioFiles {
  readonly files: readonly TomlFile[];
  readonly problems: readonly ConfigProblem[];
}

/** Each key counts where it stands last. */
export async function readCrio(host: HostReader): Promise<RuntimeConfig> {
  const { files, problems } = await readCrioFiles(host);
  return parseCrio(files, problems);
}

/** Reads the files as CRI-O does. */
export async function readCrioFiles(host: HostReader): Promise<CrioFiles> {
  const names = (await host.listDirectory(DROP_INS).catch(ignored)) ?? [];
  const files: TomlFile[] = [];
  const problems: ConfigProblem[] = [];
  for (const file of [MAIN, ...names.map((name) => `${DROP_INS}/${name}`)]) {
    try {
      const found = await host.parsed(file, tomlFrom);
      if (found !== undefined) files.push({ file, ...found });
    } catch (error) {
      if (!(error instanceof HostFileError)) throw error;
      // A folder in between is not read by CRI-O either.
      if (error.code !== 'EISDIR') problems.push(unusable(file, `cannot be read (${error.code})`));
    }
  }
  return { files, problems };
}

/** What the files say together. Pure. */
export function parseCrio(files: readonly TomlFile[], found: readonly ConfigProblem[] = []): RuntimeConfig {
  const problems = [...found];
  let driver: CgroupDriver = 'systemd';
  let place: Place | undefined;
  let conmon: { readonly value: string; readonly place: Place } | undefined;
  for (const one of files) {
    const { parsed } = one;
    if ('problem' in parsed) {
      problems.push(unusable(one.file, `cannot be understood, ${parsed.problem}`));
      continue;
    }
    const runtime = objectIn(objectIn(parsed.table, 'crio'), 'runtime');
    const { cgroup_manager: manager, conmon_cgroup: group } = runtime;
    if (manager === 'systemd' || manager === 'cgroupfs') {
      driver = manager;
      place = placeIn(one, 'cgroup_manager');
    } else if (manager !== undefined) {
      const where = placeIn(one, 'cgroup_manager');
      const message = `cgroup_manager in ${placeText(where)} is neither systemd nor cgroupfs: CRI-O does not start. Write one of them.`;
      problems.push({ place: where, isFatal: true, message });
    }
    if (typeof group === 'string' && group !== '') conmon = { value: group, place: placeIn(one, 'conmon_cgroup') };
  }
  if (driver === 'cgroupfs' && conmon !== undefined && conmon.value !== 'pod') {
    const message = `conmon_cgroup in ${placeText(conmon.place)} must be "pod" with the driver cgroupfs: CRI-O does not start otherwise. Write it there.`;
    problems.push({ place: conmon.place, isFatal: true, message });
  }
  return {
    main: MAIN,
    driver,
    ...(place === undefined ? {} : { place }),
    handlers: [],
    isCriDisabled: false,
    problems,
    lines: { systemd: linesFor('systemd', place), cgroupfs: linesFor('cgroupfs', place) },
  };
}

function linesFor(driver: CgroupDriver, place: Place | undefined): string {
  const keys = [`cgroup_manager = "${driver}"`, 'conmon_cgroup = "pod"'].map((key) => `\`${key}\``);
  if (place !== undefined) return `set ${keys.join(' and ')} in ${placeText(place)}`;
  return `write to ${DROP_INS}/99-cgroup.conf, each on a line: \`[crio.runtime]\` ${keys.join(' ')}`;
}

function placeIn(file: ConfigFile, key: string): Place {
  return placeOf(file, new RegExp(`^\\s*${key}\\s*=`));
}

function unusable(file: string, what: string): ConfigProblem {
  return { place: { file }, isFatal: true, message: `${file} ${what}: CRI-O does not start. Correct or remove it.` };
}

function ignored(error: unknown): undefined {
  if (error instanceof HostFileError) return undefined;
  throw error;
}
