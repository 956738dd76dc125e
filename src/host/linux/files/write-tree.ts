/** Writes a new folder of plain files, for people and not for the host: without the syncs that files of a host need. */
import { lstat, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { fileErrorFrom } from './file-errors.ts';

/** A file with one character per byte, or a link, at a path relative to the folder. */
export type TreeEntry =
  | { readonly path: string; readonly contents: string }
  | { readonly path: string; readonly target: string };

/**
 * Makes `directory`, which must not exist, readable by its owner only, and fills it. Returns the number of files.
 * Throws `HostFileError`, also for an entry that would leave the folder.
 */
export async function writeTree(directory: string, entries: AsyncIterable<TreeEntry>): Promise<number> {
  await make(directory, directory, { recursive: false });
  const made = new Set<string>();
  let count = 0;
  for await (const entry of entries) {
    const path = join(directory, normalize(`/${entry.path}`));
    const parent = dirname(path);
    if (!made.has(parent)) await make(parent, path, { recursive: true });
    made.add(parent);
    try {
      if ('target' in entry) await symlink(entry.target, path);
      // "wx" does not follow a link that an earlier entry made.
      else await writeFile(path, Buffer.from(entry.contents, 'latin1'), { flag: 'wx', mode: 0o644 });
      count += 1;
    } catch (error) {
      // Two names of one file, such as /etc/os-release and what it leads to.
      if (await exists(path)) continue;
      throw fileErrorFrom('write', path, error);
    }
  }
  return count;
}

async function make(directory: string, path: string, options: { readonly recursive: boolean }): Promise<void> {
  try {
    await mkdir(directory, { ...options, mode: 0o700 });
  } catch (error) {
    throw fileErrorFrom('write', path, error);
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
