/** Reads configuration directories the way systemd and kmod do: one file per name, in order of names. */
import { HostFileError } from '../../../host/errors.ts';
import type { HostReader } from '../../../host/host.ts';

/** Highest priority first: a file hides those of the same name further down. */
const PARENTS = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'];

/** The lines of the files of a directory that are in force, and why other files could not be read. */
export interface Config<T> {
  readonly lines: readonly Located<T>[];
  readonly problems: readonly ConfigProblem[];
}

/** A file that may say something about a module, and was not read. */
export interface ConfigProblem {
  readonly file: string;
  readonly problem: string;
}

/** Of all files of a directory together; distributions bring some thousand. */
const MOST_CHARACTERS = 256 * 1024;

/** A parsed line with the file that holds it. */
export type Located<T> = T & { readonly file: string };

/** What a file says, and its size. */
interface ParsedFile<T> {
  readonly characters: number;
  readonly lines: readonly Located<T>[];
}

/** Makes what `readConfig` parses a file with: it keeps where every line came from. */
export function located<T extends object>(
  parse: (text: string) => readonly T[],
): (text: string, file: string) => ParsedFile<T> {
  return (text, file) => {
    const lines = text.length > MOST_CHARACTERS ? [] : parse(text).map((line) => ({ ...line, file }));
    return { characters: text.length, lines };
  };
}

/** The files of `/etc/<directory>` and its vendor directories that are in force, in reading order. */
export async function readConfig<T>(
  host: HostReader,
  directory: string,
  parse: (text: string, file: string) => ParsedFile<T>,
): Promise<Config<T>> {
  const problems: ConfigProblem[] = [];
  const byName = new Map<string, string>();
  for (const parent of PARENTS) {
    const folder = `${parent}/${directory}`;
    const names = await tolerant(folder, problems, () => host.listDirectory(folder));
    for (const name of names ?? []) {
      if (name.endsWith('.conf') && !byName.has(name)) byName.set(name, `${folder}/${name}`);
    }
  }
  const lines: Located<T>[] = [];
  let characters = 0;
  for (const name of [...byName.keys()].toSorted()) {
    const file = byName.get(name) as string;
    // A link to /dev/null, the documented way to switch a vendor's file off, reads as empty.
    const parsed = await tolerant(file, problems, () => host.parsed(file, parse, 'bytes'));
    if (parsed === undefined) continue;
    characters += parsed.characters;
    if (characters > MOST_CHARACTERS) {
      problems.push({
        file,
        problem: `the files of ${directory} are larger than ${MOST_CHARACTERS / 1024} KiB up to here`,
      });
      break;
    }
    lines.push(...parsed.lines);
  }
  return { lines, problems };
}

/**
 * Foreign files are evidence, not state of ours: kmod and systemd go on without one that they
 * cannot read, so it must not stop this area either. What it would have told, modprobe tells.
 */
async function tolerant<T>(file: string, problems: ConfigProblem[], read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    // A directory, or a FIFO that would hang, is passed over by kmod and systemd as well.
    const isOdd = error.code === 'EISDIR' || error.code === 'EINVAL' || error.code === 'ENOTDIR';
    if (!isOdd) problems.push({ file, problem: error.message });
    return undefined;
  }
}
