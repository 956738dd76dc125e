import { closeSync, constants, createReadStream, fstatSync, openSync, statSync } from 'node:fs';
import { HostFileError } from '../../errors.ts';
import { fileErrorFrom } from './file-errors.ts';
import type { Place } from '../place.ts';
import { isAbsent } from './read-file.ts';
import { createSha256 } from '../../sha256.ts';

/** SHA-256 of a plain file of any size, in hexadecimal; `undefined` when it is absent. */
export async function sumOfFile(path: string, place: Place): Promise<string | undefined> {
  let descriptor: number | undefined;
  try {
    // Looked at before it is opened, because opening a device can already do something.
    const found = statSync(place.at, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (found.isFile()) {
      descriptor = openSync(place.at, constants.O_RDONLY | constants.O_NONBLOCK | place.flags);
      if (fstatSync(descriptor).isFile()) {
        const hash = createSha256();
        const stream = createReadStream('', { fd: descriptor, autoClose: false, highWaterMark: 1024 * 1024 });
        for await (const piece of stream) hash.update(piece as Uint8Array);
        return hash.digest('hex');
      }
    }
  } catch (error) {
    if (isAbsent(error, path)) return undefined;
    throw fileErrorFrom('read', path, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
  throw new HostFileError('read', path, 'EINVAL', 'it is not a plain file');
}
