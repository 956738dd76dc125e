/** The program that is running, as a file that can be installed. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getAsset, isSea } from 'node:sea';

/** A file that is copied as it is. */
export interface ProgramFile {
  readonly name: string;
  readonly read: () => AsyncIterable<Uint8Array>;
}

/** NodePrep as one executable. */
export interface OwnExecutable {
  readonly path: string;
  /** The executable and the libraries that lie beside it. */
  readonly files: readonly [ProgramFile, ...ProgramFile[]];
  /** The text of a file that was built in, such as `nodeprep.service`. */
  readonly asset: (name: string) => string;
}

/** `undefined` when the program runs from its sources: then there is no one file to install. */
export function ownExecutable(): OwnExecutable | undefined {
  if (!isSea()) return undefined;
  const path = process.execPath;
  const library = join(dirname(path), 'libatomic.so.1');
  const fileFrom = (name: string, from: string): ProgramFile => ({ name, read: () => createReadStream(from) });
  return {
    path,
    files: [
      fileFrom('nodeprep', path),
      // Absent where the system brings it.
      ...(existsSync(library) ? [fileFrom('libatomic.so.1', library)] : []),
    ],
    asset: (name) => getAsset(name, 'utf8'),
  };
}

/** The first digits of the SHA-256 sum, enough to tell two builds apart. */
export async function fingerprint(file: ProgramFile): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of file.read()) hash.update(piece);
  return hash.digest('hex').slice(0, 12);
}
