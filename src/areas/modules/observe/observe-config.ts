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

/** The files of a directory that are in force, and why others could not be read. */
export interface Config {
  readonly files: readonly ConfigFile[];
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

/** The files of `/etc/<directory>` and its vendor directories that are in force, in reading order. */
export async function readConfig(host: HostReader, directory: string): Promise<Config> {
  const problems: ConfigProblem[] = [];
  const byName = new Map<string, string>();
  for (const parent of PARENTS) {
    const folder = `${parent}/${directory}`;
    const names = await tolerant(folder, problems, () => host.listDirectory(folder));
    for (const name of names ?? []) {
      if (name.endsWith('.conf') && !byName.has(name)) byName.set(name, `${folder}/${name}`);
    }
  }
  const files: ConfigFile[] = [];
  let characters = 0;
  for (const name of [...byName.keys()].toSorted()) {
    const file = byName.get(name) as string;
    // A link to /dev/null, the documented way to switch a vendor's file off, reads as empty.
    const text = await tolerant(file, problems, () => host.readFile(file, 'bytes'));
    if (text === undefined) continue;
    characters += text.length;
    if (characters > MOST_CHARACTERS) {
      problems.push({
        file,
        problem: `the files of ${directory} are larger than ${MOST_CHARACTERS / 1024} KiB up to here`,
      });
      break;
    }
    files.push({ file, text });
  }
  return { files, problems };
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
