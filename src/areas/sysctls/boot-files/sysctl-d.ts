/**
 * The sysctl.d chain as it lies on the host: every file that a boot or `sysctl --system` reads, in
 * their order. Of files with one name only that of the first directory counts. Neither reader
 * stops at an odd file, so neither does this one; where the answer may then be wrong, a problem says so.
 */
import { HostFileError } from '../../../host/errors.ts';
import { pathToBytes } from '../../../host/file-names.ts';
import type { HostReader } from '../../../host/host.ts';
import { type ParsedConf, parseConf, READERS, type Reader } from './parse-conf.ts';

/** In order of precedence. On a merged /usr the last two are one directory, and names mask each other. */
export const SYSCTL_D_DIRECTORIES = [
  '/etc/sysctl.d',
  '/run/sysctl.d',
  '/usr/local/lib/sysctl.d',
  '/usr/lib/sysctl.d',
  '/lib/sysctl.d',
] as const;
/** Read last by procps, and not at all by systemd (systemd#20919). */
export const SYSCTL_CONF = '/etc/sysctl.conf';

/**
 * The systemd credential "sysctl.extra", read by systemd-sysctl after all files: where it is while the
 * system runs, and where it comes from. The first one counts.
 */
const CREDENTIALS = [
  '/run/credentials/systemd-sysctl.service/sysctl.extra',
  '/run/credentials/@system/sysctl.extra',
  '/etc/credstore/sysctl.extra',
  '/run/credstore/sysctl.extra',
  '/usr/local/lib/credstore/sysctl.extra',
  '/usr/lib/credstore/sysctl.extra',
] as const;

/** Of all files together; a hundred times what a distribution brings, and what the memory of the daemon holds. */
const MOST_LINES = 20_000;
const MOST_FILES = 2000;
const MOST_BYTES = 8 * 1024 * 1024;

/** One file of the chain; a file that only masks others has no assignments. */
export interface ChainFile {
  readonly path: string;
  /** How much was read of it. */
  readonly bytes: number;
  /** What each of its readers takes from it; a reader that skips the file is absent. */
  readonly parsed: Partial<Readonly<Record<Reader, ParsedConf>>>;
}

/** Why the computed winner may be wrong. */
export interface ChainProblem {
  readonly file: string;
  readonly problem: string;
}

/** All files in the order of reading. */
export interface Chain {
  readonly files: readonly ChainFile[];
  readonly problems: readonly ChainProblem[];
}

/** Reads the chain. Throws only when the host itself fails. */
export async function observeChain(host: HostReader): Promise<Chain> {
  const problems: ChainProblem[] = [];
  const lists: (readonly string[] | undefined)[] = [];
  for (const directory of SYSCTL_D_DIRECTORIES) {
    try {
      lists.push(await host.listDirectory(directory));
    } catch (error) {
      lists.push(undefined);
      problems.push({ file: directory, problem: problemFrom(error) });
    }
  }
  const files: ChainFile[] = [];
  let [lines, bytes] = [0, 0];
  for (const path of pathsFrom(lists)) {
    const tooMuch = [
      lines > MOST_LINES ? `have more than ${MOST_LINES} lines` : undefined,
      bytes > MOST_BYTES ? `have more than ${MOST_BYTES / 1024 / 1024} MiB` : undefined,
      files.length >= MOST_FILES ? `are ${MOST_FILES} already` : undefined,
    ].find((one) => one !== undefined);
    if (tooMuch !== undefined) {
      problems.push({ file: path, problem: `the files before it ${tooMuch}, so it is not read, nor what follows` });
      break;
    }
    const file = await chainFile(host, path, problems);
    lines += Math.max(...READERS.map((reader) => file.parsed[reader]?.assignments.length ?? 0));
    bytes += file.bytes;
    files.push(file);
  }
  for (const path of CREDENTIALS) {
    if ((await host.stat(path)) === undefined) continue;
    files.push(await chainFile(host, path, problems));
    break;
  }
  return { files, problems };
}

/** The files in the order of reading, from the names in each directory. */
function pathsFrom(lists: readonly (readonly string[] | undefined)[]): readonly string[] {
  const byName = new Map<string, string>();
  for (const [at, directory] of SYSCTL_D_DIRECTORIES.entries()) {
    for (const name of lists[at] ?? []) {
      if (name.endsWith('.conf') && !byName.has(name)) byName.set(name, `${directory}/${name}`);
    }
  }
  const sorted = [...byName]
    .map(([name, path]) => ({ bytes: bytesOf(name), path }))
    .toSorted((a, b) => Buffer.compare(a.bytes, b.bytes));
  return [...sorted.map(({ path }) => path), SYSCTL_CONF];
}

/** C order of bytes, as strcmp(3) sorts names. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(bytesOf(a), bytesOf(b));
}

function bytesOf(name: string): Buffer {
  return Buffer.from(pathToBytes(name));
}

async function chainFile(host: HostReader, path: string, problems: ChainProblem[]): Promise<ChainFile> {
  let file: ChainFile | undefined;
  try {
    file = await host.parsed(path, parseChainFile, 'bytes');
  } catch (error) {
    // On a directory, or a FIFO that would hang, the readers fail and go on.
    const isOdd = error instanceof HostFileError && (error.code === 'EISDIR' || error.code === 'EINVAL');
    if (!isOdd) problems.push({ file: path, problem: problemFrom(error) });
  }
  // A dangling link masks files of its name in later directories, and sets nothing itself.
  file ??= parseChainFile('', path);
  for (const reader of READERS) {
    const stoppedAt = file.parsed[reader]?.stoppedAt;
    if (stoppedAt === undefined) continue;
    const problem = `${reader === 'systemd' ? 'systemd-sysctl' : 'sysctl --system'} gives up at line ${stoppedAt}, which is longer than 1 MiB`;
    problems.push({ file: path, problem });
  }
  return file;
}

function readersOf(path: string): readonly Reader[] {
  if ((CREDENTIALS as readonly string[]).includes(path)) return ['systemd'];
  // systemd passes over hidden files, procps does not.
  return path === SYSCTL_CONF || path.includes('/.') ? ['procps'] : READERS;
}

function parseChainFile(bytes: string, path: string): ChainFile {
  const parsed = Object.fromEntries(readersOf(path).map((reader) => [reader, parseConf(bytes, reader)]));
  return { path, bytes: bytes.length, parsed };
}

function problemFrom(error: unknown): string {
  if (!(error instanceof HostFileError)) throw error;
  return error.message;
}
