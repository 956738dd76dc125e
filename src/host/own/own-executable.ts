/** The program that is running, as a file that can be installed. */
import { createReadStream, existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getAsset, isSea } from 'node:sea';
import { createSha256 } from '../sha256.ts';

/** A file that is copied as it is. */
export interface ProgramFile {
  readonly name: string;
  readonly read: () => AsyncIterable<Uint8Array>;
}

/** NodePrep as one executable. */
export interface OwnExecutable {
  readonly path: string;
  /** The processor that it is for, as Node names it: `x64` or `arm64`. */
  readonly architecture: string;
  /** The executable and the libraries that it needs where the system does not bring them. */
  readonly files: readonly [ProgramFile, ...ProgramFile[]];
  /** The text of a file that was built in, such as `nodeprep.service`. */
  readonly asset: (name: string) => string;
}

const LIBRARY = 'libatomic.so.1';

/**
 * `undefined` when the program runs from its sources: then there is no one file to install.
 * `installed` is the link to the build that runs on this machine, which may lend its library.
 */
export function ownExecutable(installed: string): OwnExecutable | undefined {
  if (!isSea()) return undefined;
  const path = process.execPath;
  const library = libraryFor(path, installed);
  const fileFrom = (name: string, from: string): ProgramFile => ({ name, read: () => createReadStream(from) });
  return {
    path,
    architecture: process.arch,
    files: [
      fileFrom('nodeprep', path),
      // Absent where the system brings it.
      ...(library === undefined ? [] : [fileFrom(LIBRARY, library)]),
    ],
    asset: (name) => getAsset(name, 'utf8'),
  };
}

/**
 * The library beside the program, else that of the installed build: a program that was copied alone starts
 * with it, because its RUNPATH names the link, and would start no more once the link leads to itself.
 */
export function libraryFor(program: string, installed: string): string | undefined {
  const beside = join(dirname(program), LIBRARY);
  if (existsSync(beside)) return beside;
  const lent = join(installed, LIBRARY);
  // Resolved, because the link is switched before all is read.
  return existsSync(lent) ? realpathSync(lent) : undefined;
}

/** The SHA-256 sum, in hexadecimal; its first digits are enough to tell two builds apart. */
export async function sumOf(file: ProgramFile): Promise<string> {
  const hash = createSha256();
  for await (const piece of file.read()) hash.update(piece);
  return hash.digest('hex');
}
