/**
 * What containerd makes of its configuration files. Pure.
 *
 * An entry of `runtimes` in 1.x replaces the default ones, so that `runtime_type` is empty unless the same table sets it;
 * 2.x fills it in.
 */
import type { CgroupDriver } from '../../../api/parts/cgroup.ts';
import { isTable, objectIn, type Table, textOf } from '../../tables.ts';
import type { ContainerdFiles } from './containerd-files.ts';
import { criPluginOf, programText, type Read, type Tables, tablesOf } from './containerd-tables.ts';
import { type Handler, isOfRunc, systemdCgroupIn } from './cri/cri.ts';
import { type ConfigProblem, type Place, placeOf, placeText, type RuntimeConfig } from './runtime-config.ts';

/** The type of a runtime that starts containers by runc. */
export const RUNC = 'io.containerd.runc.v2';
/** 2.0 has no shims of these any more. */
const REMOVED: ReadonlySet<string> = new Set(['io.containerd.runc.v1', 'io.containerd.runtime.v1.linux']);

/** Reads the files as the containerd of that version does, such as `1.7.24`; absent: not known, as while it does not run. */
export function parseContainerd(files: ContainerdFiles, version?: string): RuntimeConfig {
  const { main } = files;
  const found = tablesOf(files, version);
  const { read, isMerging } = found;
  const problems: ConfigProblem[] = [...found.problems];
  const tables = found.counting.map((one) => ({
    ...one,
    runtimes: objectIn(objectIn(one.cri, 'containerd'), 'runtimes'),
  }));
  const defaultHandler = defaultIn(found.counting);
  const names = new Set([
    ...(isMerging || !tables.some(({ cri }) => isTable(objectIn(cri, 'containerd')['runtimes'])) ? ['runc'] : []),
    ...tables.flatMap(({ runtimes }) => Object.keys(runtimes)),
  ]);
  problems.push(...withoutCri(found, { version, defaultHandler, isKnown: names.has(defaultHandler) }));
  const handlers: Handler[] = [];
  let place: Place | undefined;
  for (const name of names) {
    const having = tables.filter(({ runtimes }) => Object.hasOwn(runtimes, name));
    const types = having
      .map(({ runtimes }) => textOf(objectIn(runtimes, name)['runtime_type']))
      .filter((type) => type !== '');
    const isDefaulted = name === 'runc' && (isMerging || having.length === 0);
    const type = types.at(-1) ?? (isDefaulted ? RUNC : '');
    const setting = having.findLast(({ runtimes }) => systemdCgroupIn(optionsOf(runtimes, name)) !== undefined);
    const value = setting === undefined ? undefined : systemdCgroupIn(optionsOf(setting.runtimes, name));
    const where = setting === undefined ? undefined : placeIn(setting, name);
    if (where !== undefined && name === defaultHandler) place = where;
    if (value !== undefined && typeof value !== 'boolean' && where !== undefined) problems.push(notBoolean(where));
    const last = having.at(-1);
    const isDefault = name === defaultHandler;
    if (type === '' && last !== undefined) problems.push(withoutType(last, name, { main, version, isDefault }));
    if (isMerging && REMOVED.has(type) && last !== undefined)
      problems.push(removedType(last, name, { type, version, isDefault }));
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
    isCriDisabled: found.isCriDisabled,
    problems,
    lines: linesFor(main, read, isMerging, place),
  };
}

/** An empty name is one, too: no runtime has it. */
function defaultIn(counting: Tables['counting']): string {
  const names = counting.map(({ cri }) => objectIn(cri, 'containerd')['default_runtime_name']);
  return names.findLast((name) => typeof name === 'string') ?? 'runc';
}

/** What lets the CRI plugin refuse its configuration: containerd runs then, and without CRI. */
function withoutCri(
  { counting, isMerging }: Tables,
  {
    version,
    defaultHandler,
    isKnown,
  }: { readonly version: string | undefined; readonly defaultHandler: string; readonly isKnown: boolean },
): readonly ConfigProblem[] {
  const of = programText(version, isMerging);
  const effect = 'does not load CRI: it runs, and the kubelet cannot start a pod with it';
  const isFatal = version !== undefined;
  const last = counting.at(-1);
  if (last !== undefined && !isKnown) {
    const place = placeOf(last, /^[^#]*default_runtime_name/);
    const message = `The default runtime "${defaultHandler.slice(0, 64)}" has no table among the runtimes in ${placeText(place)}, so that ${of} ${effect}. Add the table, or set default_runtime_name to a runtime that has one.`;
    return [{ place, isFatal, message }];
  }
  const old = isMerging ? undefined : counting.find(({ cri }) => cri['systemd_cgroup'] === true);
  if (old === undefined) return [];
  const place = placeOf(old, /^[^#]*systemd_cgroup/);
  const message = `systemd_cgroup in ${placeText(place)} is for a runtime that is long gone, and ${of} ${effect}. Remove that line; the key is SystemdCgroup in the options of the runtime runc.`;
  return [{ place, isFatal, message }];
}

function removedType(
  { file }: Read,
  name: string,
  {
    type,
    version,
    isDefault,
  }: { readonly type: string; readonly version: string | undefined; readonly isDefault: boolean },
): ConfigProblem {
  const pods = isDefault ? 'no pod can start' : `no pod of the runtime ${name} can start`;
  const message = `${file} has runtime_type = "${type}" for the runtime ${name}, which ${programText(version, true)} does not have any more: ${pods}. Write "${RUNC}" there.`;
  return { place: { file }, isFatal: isDefault && version !== undefined, message };
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
    if (/^\s*SystemdCgroup\s*=/i.test(text) && header.endsWith(`.runtimes.${name}.options`)) line = at + 1;
  }
  return line === undefined ? placeOf(file, /^\s*[^#]*SystemdCgroup/i) : { file: file.file, line };
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
  const of = programText(version);
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
  const version = own === undefined ? (isMerging ? 3 : 2) : (own.version ?? 1);
  const plugin = criPluginOf(version);
  const table = `plugins."${plugin}".containerd.runtimes.runc`;
  const hasRunc = Object.hasOwn(objectIn(objectIn(objectIn(own?.plugins, plugin), 'containerd'), 'runtimes'), 'runc');
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
