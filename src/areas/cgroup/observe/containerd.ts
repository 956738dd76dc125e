/**
 * What containerd makes of its configuration files. Pure.
 *
 * 1.x does not merge the table of the CRI plugin: the last file that has one replaces it as a whole, and an entry of
 * `runtimes` replaces the default one, so that `runtime_type` is empty unless the same table sets it. 2.x merges key by
 * key and fills in, but up to 2.2 a drop-in counts only when its `version` is that of the main file.
 */
import type { CgroupDriver } from '../../../api/parts/cgroup.ts';
import { isTable, objectIn, type Table, textOf, textsOf } from '../../tables.ts';
import type { ContainerdFiles } from './containerd-files.ts';
import { type Handler, isOfRunc } from './cri.ts';
import { type ConfigProblem, type Place, placeOf, placeText, type RuntimeConfig } from './runtime-config.ts';
import type { TomlFile } from './toml.ts';

const RUNC = 'io.containerd.runc.v2';
/** Where the CRI plugin has its table, by version of the file. */
const PLUGIN: Readonly<Record<number, string>> = {
  1: 'cri',
  2: 'io.containerd.grpc.v1.cri',
  3: 'io.containerd.cri.v1.runtime',
  4: 'io.containerd.cri.v1.runtime',
};
const CRI_NAMES: ReadonlySet<string> = new Set(['cri', ...Object.values(PLUGIN)]);

interface Read extends TomlFile {
  readonly version: number;
  /** The table of the CRI plugin; absent when the file has none. */
  readonly cri?: Table;
  readonly table: Table;
}

/** Reads the files as the containerd of that version does, such as `1.7.24`; absent: not known, as while it does not run. */
export function parseContainerd({ main, files, problems }: ContainerdFiles, version?: string): RuntimeConfig {
  const found: ConfigProblem[] = [...problems];
  const read = files.flatMap((file): Read[] => {
    const { parsed } = file;
    if ('table' in parsed) return [readFrom(file, parsed.table)];
    const message = `${file.file} cannot be understood, ${parsed.problem}: containerd does not start with it. Correct it and run "containerd config dump".`;
    found.push({ place: { file: file.file }, isFatal: true, message });
    return [];
  });
  const mainVersion = read[0]?.file === main ? read[0].version : 2;
  const isMerging = version === undefined ? mainVersion >= 3 : majorOf(version) >= 2;
  const counting = isMerging ? merging(read, version, found) : replacing(read, main, version, found);
  const tables = counting.map((one) => ({ ...one, runtimes: objectIn(objectIn(one.cri, 'containerd'), 'runtimes') }));
  const defaultHandler =
    tables
      .map(({ cri }) => textOf(objectIn(cri, 'containerd')['default_runtime_name']))
      .findLast((name) => name !== '') ?? 'runc';
  const names = new Set(['runc', ...tables.flatMap(({ runtimes }) => Object.keys(runtimes))]);
  const handlers: Handler[] = [];
  let place: Place | undefined;
  for (const name of names) {
    const having = tables.filter(({ runtimes }) => Object.hasOwn(runtimes, name));
    const types = having
      .map(({ runtimes }) => textOf(objectIn(runtimes, name)['runtime_type']))
      .filter((type) => type !== '');
    const isDefaulted = name === 'runc' && (isMerging || having.length === 0);
    const type = types.at(-1) ?? (isDefaulted ? RUNC : '');
    const setting = having.findLast(({ runtimes }) => Object.hasOwn(optionsOf(runtimes, name), 'SystemdCgroup'));
    const value = setting === undefined ? undefined : optionsOf(setting.runtimes, name)['SystemdCgroup'];
    const where = setting === undefined ? undefined : placeIn(setting, name);
    if (where !== undefined && name === defaultHandler) place = where;
    if (value !== undefined && typeof value !== 'boolean' && where !== undefined) found.push(notBoolean(where));
    const last = having.at(-1);
    if (type === '' && last !== undefined)
      found.push(withoutType(last, name, { main, version, isDefault: name === defaultHandler }));
    if (isOfRunc(type)) {
      handlers.push({ name, type, driver: value === true ? 'systemd' : 'cgroupfs' });
    }
  }
  const driver = handlers.find(({ name }) => name === defaultHandler)?.driver ?? handlers[0]?.driver ?? 'cgroupfs';
  return {
    main,
    driver,
    ...(place === undefined ? {} : { place }),
    handlers,
    isCriDisabled: read.some(({ table }) => textsOf(table['disabled_plugins']).some((name) => CRI_NAMES.has(name))),
    problems: found,
    lines: linesFor(main, read, isMerging, place),
  };
}

function readFrom(file: TomlFile, table: Table): Read {
  const version =
    typeof table['version'] === 'number' || typeof table['version'] === 'bigint' ? Number(table['version']) : 1;
  const plugins = objectIn(table, 'plugins');
  const key = PLUGIN[version] ?? '';
  return { ...file, table, version, ...(isTable(plugins[key]) ? { cri: objectIn(plugins, key) } : {}) };
}

/** 1.x: the last table is the only one, and there is no version 3. */
function replacing(
  read: readonly Read[],
  main: string,
  version: string | undefined,
  found: ConfigProblem[],
): readonly Read[] {
  const of = version === undefined ? 'containerd 1.x' : `containerd ${version}`;
  const newer = read.at(-1);
  if (newer !== undefined && newer.version > 2) {
    // 1.7 does not start; 1.6 looks for tables of version 2 only.
    const isFatal = version !== undefined && !/^1\.[0-6]\./.test(version);
    const effect = isFatal ? 'does not start with it' : 'ignores it';
    const message = `${newer.file} has version ${newer.version}, which ${of} does not know: it ${effect}. Write "version = 2" there, with the table names of that version.`;
    found.push({ place: { file: newer.file }, isFatal, message });
  }
  const having = read.filter((one) => one.cri !== undefined && one.version <= 2);
  const own = having[0];
  const last = having.at(-1);
  if (last !== undefined && own !== undefined && own !== last) {
    const message = `${last.file} replaces the whole CRI configuration of ${own.file}: ${of} does not merge it, so pause image, CNI folders, registries and other runtimes are lost. Move its lines to ${main} and remove it.`;
    found.push({ place: { file: last.file }, isFatal: false, message });
  }
  return last === undefined ? [] : [last];
}

/** 2.x: key by key; to 2.2 tables of one version only, and the last file says which. */
function merging(read: readonly Read[], version: string | undefined, found: ConfigProblem[]): readonly Read[] {
  const having = read.filter((one) => one.cri !== undefined && one.version > 1);
  const [, minor = 0] = /^\d+\.(\d+)/.exec(version ?? '')?.map(Number) ?? [];
  if (minor >= 3) return having;
  const isOf3 = having.some((one) => one.version > 2) || (read.at(-1)?.version ?? 2) > 2;
  const lost = having.find((one) => one.version > 2 !== isOf3);
  if (lost !== undefined) {
    const message = `${lost.file} has version ${lost.version} and another file version 3: containerd to 2.2 reads tables of one version, so its CRI settings are ignored without a word. Give all files one version, with the table names of that version.`;
    found.push({ place: { file: lost.file }, isFatal: false, message });
  }
  return having.filter((one) => one.version > 2 === isOf3);
}

function majorOf(version: string): number {
  return Number(/^\d+/.exec(version)?.[0] ?? 1);
}

function optionsOf(runtimes: Table, name: string): Table {
  return objectIn(objectIn(runtimes, name), 'options');
}

/** Where the driver of a handler is set: below the header of its options, or the last such key of the file. */
function placeIn(file: Read, name: string): Place {
  let header = '';
  let line: number | undefined;
  for (const [at, text] of file.text.split('\n').entries()) {
    header = /^\s*\[([^\]]*)\]\s*(#.*)?$/.exec(text)?.[1]?.replaceAll(/["'\s]/g, '') ?? header;
    if (/^\s*SystemdCgroup\s*=/.test(text) && header.endsWith(`.runtimes.${name}.options`)) line = at + 1;
  }
  return line === undefined ? placeOf(file, /^\s*[^#]*SystemdCgroup/) : { file: file.file, line };
}

function notBoolean(place: Place): ConfigProblem {
  const message = `SystemdCgroup in ${placeText(place)} is neither true nor false: containerd starts, and every pod fails with "Can't convert … to bool". Write it without quotes.`;
  return { place, isFatal: true, message };
}

function withoutType(
  { file }: Read,
  name: string,
  {
    main,
    version,
    isDefault,
  }: { readonly main: string; readonly version: string | undefined; readonly isDefault: boolean },
): ConfigProblem {
  const of = version === undefined ? 'containerd 1.x' : `containerd ${version}`;
  const pods = isDefault ? 'no pod can start' : `no pod of the runtime ${name} can start`;
  const what = `${file} has a table for the runtime ${name} without runtime_type, and ${of} takes nothing from its defaults: it runs and says that it is ready, but ${pods} ("container.Runtime.Name must be set").`;
  const next =
    file === main
      ? `Add \`runtime_type = "${RUNC}"\` to the table runtimes.${name}.`
      : `Move its lines to ${main}, with \`runtime_type = "${RUNC}"\` in the table runtimes.${name}, and remove it.`;
  // Whether it is a 1.x is sure only once it runs.
  return { place: { file }, isFatal: isDefault && version !== undefined, message: `${what} ${next}` };
}

/** What a person writes; a table that exists already must not be written twice. */
function linesFor(
  main: string,
  read: readonly Read[],
  isMerging: boolean,
  place: Place | undefined,
): Record<CgroupDriver, string> {
  const own = read.find(({ file }) => file === main);
  const version = own?.version ?? (isMerging ? 3 : 2);
  const table = `plugins."${PLUGIN[version] ?? PLUGIN[2]}".containerd.runtimes.runc`;
  const hasRunc = Object.hasOwn(objectIn(objectIn(own?.cri, 'containerd'), 'runtimes'), 'runc');
  const line = (value: boolean) => {
    if (place !== undefined) return `set \`SystemdCgroup = ${value}\` in ${placeText(place)}`;
    const lines = [
      ...(own === undefined ? [`version = ${version}`] : []),
      ...(hasRunc ? [] : [`[${table}]`, `runtime_type = "${RUNC}"`]),
      `[${table}.options]`,
      `SystemdCgroup = ${value}`,
    ];
    return `write to ${main}, each on a line: ${lines.map((one) => `\`${one}\``).join(' ')}`;
  };
  return { systemd: line(true), cgroupfs: line(false) };
}
