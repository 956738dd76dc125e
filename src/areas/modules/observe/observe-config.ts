/** Reads configuration directories the way systemd and kmod do: one file per name, in order of names. */
import { HostFileError } from '../../../host/errors.ts';
import type { HostReader } from '../../../host/host.ts';

/** Highest priority first: a file hides those of the same name further down. */
const PARENTS = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'];

/** A configuration file that is in force. */
export interface ConfigFile {
  readonly file: string;
  readonly text: string;
}

/** A parsed line with the file that holds it. */
export type Located<T> = T & { readonly file: string };

/** The files of `/etc/<directory>` and its vendor directories that are in force, in reading order. */
export async function readConfigFiles(host: HostReader, directory: string): Promise<ConfigFile[]> {
  const byName = new Map<string, string>();
  for (const parent of PARENTS) {
    const folder = `${parent}/${directory}`;
    const names = await tolerant(() => host.listDirectory(folder));
    for (const name of names ?? []) {
      if (name.endsWith('.conf') && !byName.has(name)) byName.set(name, `${folder}/${name}`);
    }
  }
  const files: ConfigFile[] = [];
  for (const name of [...byName.keys()].toSorted()) {
    const file = byName.get(name) as string;
    // A link to /dev/null, the documented way to switch a vendor's file off, reads as empty.
    const text = await tolerant(() => host.readFile(file, 'bytes'));
    if (text !== undefined) files.push({ file, text });
  }
  return files;
}

/** Lines with their file, by what was parsed: the same object as long as the file says the same. */
const lastLocated = new WeakMap<readonly object[], readonly Located<object>[]>();

/** Parses each file and keeps where every line came from. */
export function located<T extends object>(
  files: readonly ConfigFile[],
  parse: (text: string) => readonly T[],
): Located<T>[] {
  return files.flatMap(({ file, text }) => {
    const parsed = parse(text);
    const known = lastLocated.get(parsed) as readonly Located<T>[] | undefined;
    if (known?.[0]?.file === file) return known;
    const lines = parsed.map((line) => ({ ...line, file }));
    lastLocated.set(parsed, lines);
    return lines;
  });
}

/**
 * Foreign files are evidence, not state of ours: kmod and systemd go on without one that they
 * cannot read, so it must not stop this area either. What it would have told, modprobe tells.
 */
async function tolerant<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof HostFileError) return undefined;
    throw error;
  }
}
