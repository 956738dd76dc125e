/** What dockerd makes of its configuration; cri-dockerd takes the driver from it. */
import type { CgroupDriver } from '../../../api/parts/cgroup.ts';
import { HostFileError } from '../../../host/errors.ts';
import type { HostReader } from '../../../host/host.ts';
import { isTable, textsOf } from '../../tables.ts';
import { type ConfigFile, readUnit } from '../../unit-files.ts';
import { type ConfigProblem, lineOf, type Place, placeOf, placeText, type RuntimeConfig } from './runtime-config.ts';

const MAIN = '/etc/docker/daemon.json';
const OPTION = /^native\.cgroupdriver=(.*)$/;

/** What configures dockerd. */
export interface DockerFiles {
  readonly main: string;
  /** Absent when there is no such file, or it cannot be read. */
  readonly config?: ConfigFile;
  readonly unit: readonly ConfigFile[];
  readonly problems: readonly ConfigProblem[];
}

/** Reads daemon.json and the options of the unit. */
export async function readDocker(host: HostReader, hasCgroupV2: boolean): Promise<RuntimeConfig> {
  const { config, unit, problems } = await readDockerFiles(host);
  return parseDocker(config, unit, hasCgroupV2, problems);
}

/** Reads the files as they are. */
export async function readDockerFiles(host: HostReader): Promise<DockerFiles> {
  const unit = await readUnit(host, 'docker.service');
  try {
    const text = await host.readFile(MAIN);
    return { main: MAIN, ...(text === undefined ? {} : { config: { file: MAIN, text } }), unit, problems: [] };
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    return { main: MAIN, unit, problems: [unusable(`cannot be read (${error.code})`)] };
  }
}

/** What file and unit say together. Pure. */
export function parseDocker(
  config: ConfigFile | undefined,
  unit: readonly ConfigFile[],
  hasCgroupV2: boolean,
  found: readonly ConfigProblem[] = [],
): RuntimeConfig {
  const problems = [...found];
  const [inFile, place] = fromFile(config, problems);
  const inUnit = fromUnit(unit);
  const set = inUnit ?? (inFile === undefined || place === undefined ? undefined : { value: inFile, place });
  if (inUnit !== undefined && inFile !== undefined) {
    const message = `exec-opts stand in ${placeText(inUnit.place)} and in ${MAIN}: dockerd refuses to start. Keep one of them.`;
    problems.push({ place: inUnit.place, isFatal: true, message });
  }
  // dockerd 20.10 and later: systemd on cgroup v2, where systemd runs.
  const byDefault: CgroupDriver = hasCgroupV2 ? 'systemd' : 'cgroupfs';
  const isKnown = set === undefined || set.value === 'systemd' || set.value === 'cgroupfs';
  if (!isKnown) {
    const message = `native.cgroupdriver=${set.value.slice(0, 32)} in ${placeText(set.place)} is neither systemd nor cgroupfs: dockerd does not start. Write one of them.`;
    problems.push({ place: set.place, isFatal: true, message });
  }
  const driver = set?.value === 'systemd' || set?.value === 'cgroupfs' ? set.value : byDefault;
  const line = (wanted: CgroupDriver) => {
    const text = `native.cgroupdriver=${wanted}`;
    if (inUnit !== undefined) return `write \`--exec-opt ${text}\` in ${placeText(inUnit.place)}`;
    return `write \`"exec-opts": ["${text}"]\` into the object in ${MAIN}`;
  };
  return {
    main: MAIN,
    driver,
    ...(set === undefined ? {} : { place: set.place }),
    handlers: [],
    isCriDisabled: false,
    problems,
    lines: { systemd: line('systemd'), cgroupfs: line('cgroupfs') },
  };
}

function fromFile(config: ConfigFile | undefined, problems: ConfigProblem[]): [string?, Place?] {
  if (config === undefined || config.text.trim() === '') return [];
  let value: unknown;
  try {
    value = JSON.parse(config.text);
  } catch {
    problems.push(unusable('is not JSON'));
    return [];
  }
  if (!isTable(value)) {
    problems.push(unusable('is no JSON object'));
    return [];
  }
  const driver = textsOf(value['exec-opts'])
    .map((one) => OPTION.exec(one)?.[1])
    .findLast((one) => one !== undefined);
  return driver === undefined ? [] : [driver, placeOf(config, /native\.cgroupdriver=/)];
}

function fromUnit(unit: readonly ConfigFile[]): { readonly value: string; readonly place: Place } | undefined {
  for (const one of unit.toReversed()) {
    const line = lineOf(one, /^\s*[^#;]*--exec-opts?[= ]["']?native\.cgroupdriver=/);
    const value = /native\.cgroupdriver=([A-Za-z0-9_-]+)/.exec(one.text.split('\n')[(line ?? 0) - 1] ?? '')?.[1];
    if (line !== undefined && value !== undefined) return { value, place: { file: one.file, line } };
  }
  return undefined;
}

function unusable(what: string): ConfigProblem {
  return { place: { file: MAIN }, isFatal: true, message: `${MAIN} ${what}: dockerd does not start. Correct it.` };
}
