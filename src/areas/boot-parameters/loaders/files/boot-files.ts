/** Reading and editing of the files of a loader, the same for all loaders that are edited directly. */
import type { HostReader } from '../../../../host/host.ts';
import type { BootFile, LoaderSource } from '../loader.ts';
import { hasSameRoot } from './one-line.ts';
import { wordsOf } from '../../words.ts';

/** What new kernels get, where kernel-install adds them. */
export const KERNEL_CMDLINE = '/etc/kernel/cmdline';

/** A file on the file system that the loader reads; `undefined` when absent. Throws `HostFileError`. */
export async function bootFile(host: HostReader, path: string): Promise<(BootFile & { contents: string }) | undefined> {
  const contents = await host.readFile(path, 'bytes');
  return contents === undefined ? undefined : { path, contents, encoding: 'bytes', isOnBoot: true };
}

/** A file below /etc that tools read when they write what the loader reads. Throws `HostFileError`. */
export async function settingFile(host: HostReader, path: string): Promise<BootFile> {
  return { path, contents: await host.readFile(path, 'bytes'), encoding: 'bytes' };
}

/** The words of a file that holds nothing else, as a source; it is one even before it exists. */
export function editableSource({ path, contents = '' }: BootFile): LoaderSource {
  return { file: path, line: 1, words: wordsOf(contents), isOurs: false, isEditable: true };
}

/**
 * The files that `edit` changes. Throws when what finds the root file system would change, which no words that a
 * document may hold can do.
 */
export function editFiles(
  files: readonly BootFile[],
  edit: (file: BootFile) => string | undefined,
): readonly BootFile[] {
  return files.flatMap((file) => {
    const contents = edit(file);
    if (contents === file.contents) return [];
    if (file.contents !== undefined && contents !== undefined && !hasSameRoot(file.contents, contents)) {
      throw new Error(`Editing "${file.path}" would change its root file system`);
    }
    return [{ ...file, contents }];
  });
}

/** The parameters as a person types them. */
export function typed(words: readonly string[]): string {
  return `"${words.join(' ')}"`;
}
