/**
 * Which tables of its files a containerd reads. Pure.
 *
 * The last file with a `version` says which one holds for all of them; a file without one has that of the others. 1.x
 * does not merge the table of the CRI plugin: the last file that has one replaces it as a whole. 2.x merges key by key;
 * up to 2.2 it takes tables of version 2 only while version 2 holds, and then those of version 3 win.
 */
import { isTable, objectIn, type Table, textsOf } from '../../tables.ts';
import type { ContainerdFiles } from './containerd-files.ts';
import { type ConfigProblem, placeOf, placeText } from './runtime-config.ts';
import type { TomlFile } from './toml.ts';

/** Where the CRI plugin has its table, by version of the files. */
export const CRI_PLUGIN = {
  1: 'cri',
  2: 'io.containerd.grpc.v1.cri',
  3: 'io.containerd.cri.v1.runtime',
} as const;
/** The CRI plugin in files of a version. */
export function criPluginOf(version: number): string {
  return version < 2 ? CRI_PLUGIN[1] : version === 2 ? CRI_PLUGIN[2] : CRI_PLUGIN[3];
}

/** Without any of these there is no CRI in 2.x. */
const CRI_PARTS: readonly string[] = [CRI_PLUGIN[2], CRI_PLUGIN[3], 'io.containerd.cri.v1.images'];

/** A file that could be parsed. */
export interface Read extends TomlFile {
  /** Absent when the file does not say it. */
  readonly version?: number;
  readonly table: Table;
  readonly plugins: Table;
}

/** What counts of the files. */
export interface Tables {
  /** Every file that could be parsed. */
  readonly read: readonly Read[];
  /** Tables of the CRI plugin; later ones win. */
  readonly counting: readonly (Read & { readonly cri: Table })[];
  /** Of all files together. */
  readonly fileVersion: number;
  /** Whether it merges key by key, as 2.x does. */
  readonly isMerging: boolean;
  readonly isCriDisabled: boolean;
  readonly problems: readonly ConfigProblem[];
}

/** Finds them as the containerd of that version does; absent: not known, as while it does not run. */
export function tablesOf({ main, files, problems }: ContainerdFiles, version?: string): Tables {
  const found: ConfigProblem[] = [...problems];
  const read = files.flatMap((file): Read[] => {
    const { parsed } = file;
    if ('problem' in parsed) {
      found.push(cannotStart(file.file, `cannot be understood, ${parsed.problem}`));
      return [];
    }
    const { table } = parsed;
    const number = Number(table['version'] ?? 0);
    const isNumber = ['number', 'bigint', 'undefined'].includes(typeof table['version']) && Number.isInteger(number);
    if (!isNumber) found.push(cannotStart(file.file, 'has a version that is no whole number'));
    const plugins = objectIn(table, 'plugins');
    return [{ ...file, table, plugins, ...(isNumber && number !== 0 ? { version: number } : {}) }];
  });
  const saying = read.findLast((one) => one.version !== undefined);
  const fileVersion = saying?.version ?? 1;
  const mainVersion = read[0]?.file === main ? (read[0].version ?? 1) : 2;
  const isMerging = version === undefined ? mainVersion >= 3 : majorOf(version) >= 2;
  if (saying !== undefined) found.push(...tooNew(saying, fileVersion, version, isMerging));
  found.push(...shortNames(read, fileVersion, version, isMerging));
  const disabled = new Set(read.flatMap(({ table }) => textsOf(table['disabled_plugins'])));
  const parts = [
    ...(fileVersion < 2 ? [CRI_PLUGIN[1]] : []),
    ...(isMerging ? CRI_PARTS : fileVersion < 2 ? [] : [CRI_PLUGIN[2]]),
  ];
  return {
    read,
    counting: isMerging
      ? merging(read, fileVersion, version, found)
      : replacing(read, { main, fileVersion, version }, found),
    fileVersion,
    isMerging,
    isCriDisabled: parts.some((name) => disabled.has(name)),
    problems: found,
  };
}

/** The program as a sentence names it. */
export function programText(version: string | undefined, isMerging = false): string {
  return version === undefined ? `containerd ${isMerging ? 2 : 1}.x` : `containerd ${version}`;
}

function withTable(read: readonly Read[], plugin: string): Tables['counting'] {
  return read.flatMap((one) => (isTable(one.plugins[plugin]) ? [{ ...one, cri: objectIn(one.plugins, plugin) }] : []));
}

function replacing(
  read: readonly Read[],
  {
    main,
    fileVersion,
    version,
  }: { readonly main: string; readonly fileVersion: number; readonly version: string | undefined },
  found: ConfigProblem[],
): Tables['counting'] {
  const having = withTable(read, fileVersion < 2 ? CRI_PLUGIN[1] : CRI_PLUGIN[2]);
  const own = having[0];
  const last = having.at(-1);
  if (last !== undefined && own !== undefined && own !== last) {
    const message = `${last.file} replaces the whole CRI configuration of ${own.file}: ${programText(version)} does not merge it, so pause image, CNI folders, registries and other runtimes are lost. Move its lines to ${main} and remove it.`;
    found.push({ place: { file: last.file }, isFatal: false, message });
  }
  return last === undefined ? [] : [last];
}

function merging(
  read: readonly Read[],
  fileVersion: number,
  version: string | undefined,
  found: ConfigProblem[],
): Tables['counting'] {
  const ofTwo = withTable(read, CRI_PLUGIN[2]);
  const ofThree = withTable(read, CRI_PLUGIN[3]);
  if (minorOf(version) >= 3) {
    return read.flatMap((one) => [
      ...((one.version ?? fileVersion) === 2 ? ofTwo : []).filter(({ file }) => file === one.file),
      ...ofThree.filter(({ file }) => file === one.file),
    ]);
  }
  const lost = ofTwo[0];
  if (lost !== undefined && (fileVersion > 2 || ofThree.some(({ file }) => file !== lost.file))) {
    const message = `${lost.file} has the CRI table of version 2 and another file is of version 3: containerd to 2.2 reads tables of one version, so its CRI settings are ignored without a word. Give all files one version, with the table names of that version.`;
    found.push({ place: { file: lost.file }, isFatal: false, message });
  }
  return fileVersion === 2 ? [...ofTwo, ...ofThree] : ofThree;
}

/** 1.6 goes on with what it knows; later ones do not start. */
function tooNew(
  { file }: Read,
  fileVersion: number,
  version: string | undefined,
  isMerging: boolean,
): readonly ConfigProblem[] {
  const newest = !isMerging ? 2 : version !== undefined && minorOf(version) < 3 ? 3 : 4;
  if (fileVersion <= newest) return [];
  const isFatal = version !== undefined && !/^1\.[0-6]\./.test(version);
  const effect = isFatal ? 'does not start with it' : 'ignores it';
  const message = `${file} has version ${fileVersion}, which ${programText(version, isMerging)} does not know: it ${effect}. Write "version = ${newest}" there, with the table names of that version.`;
  return [{ place: { file }, isFatal, message }];
}

/** From version 2 on plugins have long names. */
function shortNames(
  read: readonly Read[],
  fileVersion: number,
  version: string | undefined,
  isMerging: boolean,
): readonly ConfigProblem[] {
  if (fileVersion < 2) return [];
  return read.flatMap((file) => {
    const short = (names: readonly string[]) => names.find((name) => !/^io\.containerd\.[^.]+\./.test(name));
    const disabled = short(textsOf(file.table['disabled_plugins']));
    const table = isMerging ? undefined : short(Object.keys(file.plugins));
    if (disabled !== undefined) {
      const place = placeOf(file, /^\s*disabled_plugins\s*=/);
      const message = `disabled_plugins in ${placeText(place)} has the name "${disabled.slice(0, 64)}", which only files of version 1 may have: containerd does not start. Take it out, or write it as "${CRI_PLUGIN[2]}" to have no CRI.`;
      return [{ place, isFatal: true, message }];
    }
    if (table === undefined) return [];
    const message = `${file.file} has a table for the plugin "${table.slice(0, 64)}", which only files of version 1 may have: ${programText(version)} does not start. Give the table its long name, for CRI "${CRI_PLUGIN[2]}".`;
    return [{ place: { file: file.file }, isFatal: version !== undefined, message }];
  });
}

function cannotStart(file: string, what: string): ConfigProblem {
  const message = `${file} ${what}: containerd does not start with it. Correct it and run "containerd config dump".`;
  return { place: { file }, isFatal: true, message };
}

function majorOf(version: string): number {
  return Number(/^\d+/.exec(version)?.[0] ?? 1);
}

function minorOf(version: string | undefined): number {
  const [major = '', minor = ''] = (version ?? '').split('.');
  return Number(major) > 2 ? 99 : Number.parseInt(minor) || 0;
}
