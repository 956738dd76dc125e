/**
 * The sysctl.d chain as it lies on the host: every file that a boot or `sysctl --system` reads, in
 * their order. Of files with one name only that of the first directory counts. Neither reader
 * stops at an odd file, so neither does this one; where the answer may then be wrong it says so.
 */
import { HostFileError } from '../../host/errors.ts';
import type { HostReader } from '../../host/host.ts';
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

/** One file of the chain; a file that masks others and says nothing has no assignments. */
export interface ChainFile {
  readonly path: string;
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
  const paths = new Map<string, string>();
  for (const directory of SYSCTL_D_DIRECTORIES) {
    const names = await tolerated(() => host.listDirectory(directory), directory, problems);
    for (const name of names ?? []) {
      if (name.endsWith('.conf') && !paths.has(name)) paths.set(name, `${directory}/${name}`);
    }
  }
  const files: ChainFile[] = [];
  for (const [name, path] of [...paths].toSorted(([a], [b]) => compareBytes(a, b))) {
    // systemd passes over hidden files, procps does not.
    const readers = name.startsWith('.') ? (['procps'] as const) : READERS;
    files.push(await chainFile(host, path, readers, problems));
  }
  files.push(await chainFile(host, SYSCTL_CONF, ['procps'], problems));
  return { files, problems };
}

/** C order of bytes, as strcmp(3) sorts names. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

async function chainFile(
  host: HostReader,
  path: string,
  readers: readonly Reader[],
  problems: ChainProblem[],
): Promise<ChainFile> {
  const bytes = await tolerated(() => readRegular(host, path), path, problems);
  const parsed = Object.fromEntries(readers.map((reader) => [reader, parseConf(bytes ?? '', reader)]));
  for (const [reader, { stoppedAt }] of Object.entries(parsed)) {
    if (stoppedAt === undefined) continue;
    const problem = `${reader === 'systemd' ? 'systemd-sysctl' : 'sysctl --system'} gives up at line ${stoppedAt}, which is longer than 1 MiB`;
    problems.push({ file: path, problem });
  }
  return { path, parsed };
}

/** Contents of a regular file or of a link to one; nothing for what the readers find empty or cannot open. */
async function readRegular(host: HostReader, path: string): Promise<string | undefined> {
  const type = (await host.stat(path))?.type;
  if (type !== 'link') return type === 'file' ? host.readFile(path, 'bytes') : undefined;
  if ((await host.readLink(path)) === '/dev/null') return undefined;
  const target = await host.realPath(path);
  // A dangling link masks files of its name in later directories, and sets nothing itself.
  if (target === undefined) return undefined;
  // Opening a FIFO would hang, and a directory has no lines: the readers fail on both and go on.
  return (await host.stat(target))?.type === 'file' ? host.readFile(target, 'bytes') : undefined;
}

async function tolerated<T>(read: () => Promise<T>, file: string, problems: ChainProblem[]): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    problems.push({ file, problem: error.message });
    return undefined;
  }
}
