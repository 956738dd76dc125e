/**
 * How much of a file is read. The readers make several values of each line, so it is lines more than
 * bytes that fill the memory of a daemon: a file that is beyond its limit is refused as a whole.
 */
import { HostFileError } from './errors.ts';

interface FileLimits {
  readonly bytes: number;
  readonly lines: number;
}

const MIB = 1024 * 1024;
/** What people and packages write has some hundred lines, and so have the lists of the kernel. */
const SETTINGS: FileLimits = { bytes: 2 * MIB, lines: 10_000 };
/** depmod writes a line for each module and each alias. */
const MODULE_LISTS: FileLimits = { bytes: 16 * MIB, lines: 400_000 };
/** Programs and our own records, of which no line is taken by itself. */
const OTHERS: FileLimits = { bytes: 16 * MIB, lines: Number.POSITIVE_INFINITY };

const LINE_ENDS = [0x0a, 0x0d, 0x00];

/** Throws `HostFileError` when a file of so many bytes is too large to be read. */
export function assertFileSize(path: string, bytes: number): void {
  const most = limitsOf(path).bytes;
  if (bytes > most) throw tooLarge(path, `${most / MIB} MiB`);
}

/** Throws `HostFileError` when contents have too many lines, whichever way a reader ends them. */
export function assertLineCount(path: string, contents: Buffer): void {
  const most = limitsOf(path).lines;
  if (contents.length <= most) return;
  for (const end of LINE_ENDS) {
    let lines = 0;
    for (let at = contents.indexOf(end); at >= 0; at = contents.indexOf(end, at + 1)) {
      lines += 1;
      if (lines > most) throw tooLarge(path, `${most} lines`);
    }
  }
}

/** Why the files of a folder are not read: they are many, such as `256 files`, or large together, such as `8 MiB`. */
export function tooMuchIn(folder: string, most: string, below?: string): HostFileError {
  const detail = `it holds more than ${most}, which no such folder should have, so nothing of it is read; join or remove some`;
  return new HostFileError('read', folder, 'EFBIG', detail, below === undefined ? {} : { below });
}

function limitsOf(path: string): FileLimits {
  if (/^\/(?:usr\/)?lib\/modules\//.test(path)) return MODULE_LISTS;
  return /^\/(?:usr\/)?s?bin\/|^\/(?:var\/lib|run)\/nodeprep\//.test(path) ? OTHERS : SETTINGS;
}

function tooLarge(path: string, most: string): HostFileError {
  const detail = `it has more than ${most}, which no such file should have, so nothing of it is read; shorten or remove it`;
  return new HostFileError('read', path, 'EFBIG', detail);
}
