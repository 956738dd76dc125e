/**
 * Writes the driver for containerd. Pure.
 *
 * An import of 1.x replaces the whole CRI configuration, so there the main file is edited; 2.x merges, and gets a
 * drop-in of the version that its main file has, when that imports a folder. What the edit means is looked at twice: here
 * with the rules of `observe/containerd.ts`, and by containerd itself before the file is written.
 */
import { posix } from 'node:path';
import type { CgroupDriver } from '../../../../api/parts/cgroup.ts';
import { matchesGlob } from '../../../glob.ts';
import { objectIn, type Table, textsOf } from '../../../tables.ts';
import { differencesOf } from '../../edit/differences.ts';
import { appendTables, type NewTable, setKey, withoutBlocks } from '../../edit/toml.ts';
import { parseContainerd, RUNC } from '../../observe/containerd.ts';
import type { ContainerdFiles } from '../../observe/containerd-files.ts';
import { criPluginOf } from '../../observe/containerd-tables.ts';
import { type RuntimeConfig, saysDriver } from '../../observe/runtime-config.ts';
import { type TomlFile, tomlFrom } from '../../observe/toml.ts';
import type { ContainerdWriting } from '../../observe/writing/writing.ts';
import { sumOfText } from '../../refused.ts';
import type { ContainerdProof } from '../steps.ts';
import { OWN_HEADER, OWN_NAMES } from '../../edit/marks.ts';
import { type ByHand, type Edit, elsewhere, isLossy, notEditable } from './edit.ts';

/** The drop-in or the edited main file that gives every runtime of runc the driver; `undefined` when all have it. */
export function writeContainerd(found: ContainerdWriting, wanted: CgroupDriver): Edit | ByHand | undefined {
  const { program, version } = found;
  const main = found.files.find(({ file }) => file === found.main);
  const mainVersion = versionOf(main) ?? (isOf2(version) ? 3 : 2);
  if (program === undefined) {
    const why = 'containerd is not installed, and its package brings a file of its own';
    return { reason: 'DriverMismatch', why };
  }
  if (main !== undefined && 'problem' in main.parsed) {
    return { reason: 'RuntimeConfigUnsafe', why: `${main.file} cannot be understood`, place: { file: main.file } };
  }
  if (main !== undefined && versionOf(main) === undefined) {
    return notEditable(found.main, 'does not say "version = 2", and containerd reads other tables then');
  }
  if (mainVersion < 2) return notEditable(found.main, 'has version 1, which containerd 2 does not read any more');
  const folder = (version === undefined ? mainVersion >= 3 : isOf2(version)) ? importedFolder(main) : undefined;
  const file = folder === undefined ? found.main : `${folder}/${OWN_NAMES.containerd}`;
  const old = found.files.find((one) => one.file === file);
  if (isLossy(old?.text)) return notEditable(file, 'is not UTF-8');
  const base = withText(found, file, folder === undefined && old !== undefined ? withoutBlocks(old.text) : undefined);
  const without = parseContainerd(base, version);
  const names = without.handlers.filter(({ driver }) => driver !== wanted).map(({ name }) => name);
  const written =
    folder === undefined
      ? mainText(base.files.find((one) => one.file === file)?.text, { names, version: mainVersion, wanted })
      : dropInText({ names, version: mainVersion, wanted });
  if (written === undefined) return notEditable(file, 'has these tables in a form that is not edited safely');
  const after = withText(found, file, written);
  const problem = problemOf(parseContainerd(after, version), without, { wanted, file, files: after.files });
  if (problem !== undefined) return problem;
  const proof: ContainerdProof = {
    program,
    main: found.main,
    version: mainVersion,
    driver: wanted,
    seen: digest(found),
  };
  return { file, ...(old === undefined ? {} : { before: old.text }), after: written, proof };
}

/** How containerd proves a text of its main file that is put back. */
export function proofFor(found: ContainerdWriting): ContainerdProof | undefined {
  if (found.program === undefined) return undefined;
  const version = versionOf(found.files.find(({ file }) => file === found.main)) ?? 2;
  return { program: found.program, main: found.main, version, seen: digest(found) };
}

interface Wanted {
  /** The runtimes that do not have it. */
  readonly names: readonly string[];
  readonly version: number;
  readonly wanted: CgroupDriver;
}

function mainText(text: string | undefined, { names, version, wanted }: Wanted): string | undefined {
  const base = text ?? `${OWN_HEADER}\nversion = ${version}\n`;
  const value = String(wanted === 'systemd');
  let edited = base;
  const tables: NewTable[] = [];
  const meant: (readonly string[])[] = [];
  for (const name of names) {
    const runtime = ['plugins', criPluginOf(version), 'containerd', 'runtimes', name];
    const options = [...runtime, 'options'];
    const inPlace = setKey(edited, options, 'SystemdCgroup', value);
    const isThere = Object.hasOwn(at(base, runtime.slice(0, -1)), name);
    if (inPlace === undefined) {
      // containerd 1.x takes nothing of its defaults into a table that stands in the file.
      if (!isThere) tables.push({ path: runtime, keys: { runtime_type: `"${RUNC}"` } });
      tables.push({ path: options, keys: { SystemdCgroup: value } });
    }
    edited = inPlace ?? edited;
    meant.push(inPlace !== undefined || isThere ? [...options, 'SystemdCgroup'] : runtime);
  }
  const after = tables.length === 0 ? edited : appendTables(edited, tables, version >= 3 ? "'" : '"');
  const [before, now] = [tomlFrom(base).parsed, tomlFrom(after).parsed];
  if ('problem' in before || 'problem' in now) return undefined;
  const isMeant = differencesOf(before.table, now.table).every((path) =>
    meant.some(
      (one) => one.every((key, index) => path[index] === key) || path.every((key, index) => one[index] === key),
    ),
  );
  return isMeant ? after : undefined;
}

function dropInText({ names, version, wanted }: Wanted): string {
  const tables = names.map(
    (name): NewTable => ({
      path: ['plugins', criPluginOf(version), 'containerd', 'runtimes', name, 'options'],
      keys: { SystemdCgroup: String(wanted === 'systemd') },
    }),
  );
  return appendTables(`${OWN_HEADER}\nversion = ${version}\n`, tables, version >= 3 ? "'" : '"');
}

function problemOf(
  config: RuntimeConfig,
  without: RuntimeConfig,
  {
    wanted,
    file,
    files,
  }: { readonly wanted: CgroupDriver; readonly file: string; readonly files: readonly TomlFile[] },
): ByHand | undefined {
  const worse = config.problems.find(({ isFatal }) => isFatal) ?? config.problems[without.problems.length];
  if (worse !== undefined) {
    return { reason: 'RuntimeConfigUnsafe', why: `${worse.place.file} lets pods fail`, place: worse.place };
  }
  if (saysDriver(config, wanted)) return undefined;
  const last = files.findLast((one) => one.file !== file)?.file;
  const place = config.place?.file === file ? undefined : config.place;
  const winner = place ?? (last === undefined ? undefined : { file: last });
  return winner === undefined ? notEditable(file, 'has tables that this containerd does not read') : elsewhere(winner);
}

/** The folder in which a drop-in of ours is read. */
function importedFolder(main: TomlFile | undefined): string | undefined {
  if (main === undefined || 'problem' in main.parsed) return undefined;
  const imports = textsOf(main.parsed.table['imports']).map((path) => posix.resolve(posix.dirname(main.file), path));
  return imports
    .filter((path) => matchesGlob(path, `${posix.dirname(path)}/${OWN_NAMES.containerd}`))
    .map((path) => posix.dirname(path))[0];
}

/** The files with another text for one of them; where a new one stands among the others decides which wins. */
function withText(found: ContainerdFiles, file: string, text: string | undefined): ContainerdFiles {
  const others = found.files.filter((one) => one.file !== file);
  if (text === undefined) return { ...found, files: others };
  const own: TomlFile = { file, ...tomlFrom(text) };
  if (file === found.main) return { ...found, files: [own, ...others] };
  const folder = posix.dirname(file);
  const isBefore = (one: TomlFile) =>
    one.file === found.main || (posix.dirname(one.file) === folder && one.file < file);
  const at = others.findLastIndex(isBefore) + 1;
  return { ...found, files: others.toSpliced(at, 0, own) };
}

function versionOf(file: TomlFile | undefined): number | undefined {
  if (file === undefined || 'problem' in file.parsed) return undefined;
  const version = file.parsed.table['version'];
  return typeof version === 'number' || typeof version === 'bigint' ? Number(version) : undefined;
}

function isOf2(version: string | undefined): boolean {
  return Number.parseInt(version ?? '1', 10) >= 2;
}

function at(text: string, path: readonly string[]): Table {
  const { parsed } = tomlFrom(text);
  return path.reduce<Table>((table, name) => objectIn(table, name), 'table' in parsed ? parsed.table : {});
}

/** What containerd says of a text holds as long as its other files are the same. */
function digest({ files }: ContainerdFiles): string {
  return sumOfText(files.map(({ file, text }) => `${file}\0${text}\0`).join(''));
}
