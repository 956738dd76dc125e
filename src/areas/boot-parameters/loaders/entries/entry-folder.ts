/** The entry files in `loader/entries`, which systemd-boot, ostree and the GRUB of Fedora read. */
import type { HostReader } from '../../../../host/host.ts';
import { bootFile } from '../files/boot-files.ts';
import { byVersion, type EntryFile, expandOptions, parseEntry } from './boot-entry.ts';
import type { BootEntry, BootFile } from '../loader.ts';

/** An entry with its file. */
export interface FoundEntry extends EntryFile {
  readonly name: string;
  readonly file: BootFile & { readonly contents: string };
}

/** Every entry that starts Linux, the newest first. Throws `HostFileError`. */
export async function readEntries(host: HostReader, folder: string): Promise<readonly FoundEntry[]> {
  const names = ((await host.listDirectory(folder)) ?? []).filter((name) => name.endsWith('.conf'));
  const found = await Promise.all(
    names.map(async (name) => ({ name, file: await bootFile(host, `${folder}/${name}`) })),
  );
  return found
    .flatMap(({ name, file }) => (file === undefined ? [] : [{ name, file, ...parseEntry(file.contents) }]))
    .filter(({ isLinux }) => isLinux)
    .toSorted(byVersion);
}

/** As the area sees them, the default first: the newest unless `isChosen` says another. */
export function bootEntriesFrom(
  found: readonly FoundEntry[],
  isChosen: (entry: FoundEntry) => boolean,
  kernelopts?: string,
): readonly BootEntry[] {
  const chosen = found.find(isChosen) ?? found[0];
  return found
    .toSorted((a, b) => Number(b === chosen) - Number(a === chosen))
    .map((one) => ({
      title: one.title === '' ? one.name : one.title,
      file: one.file.path,
      ...(one.line === undefined ? {} : { line: one.line }),
      commandLine: expandOptions(one.options, kernelopts),
      isDefault: one === chosen,
    }));
}
