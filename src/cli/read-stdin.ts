import { Buffer } from 'node:buffer';

/** As much as a file of a spec may have: what is larger is a mistake, or an attack on our memory. */
const MAXIMUM_BYTES = 16 * 1024 * 1024;

/** Standard input could not be used. */
export class StdinError extends Error {
  override readonly name = 'StdinError';
}

/** Reads a stream to its end. Throws `StdinError` when it is larger than a spec can be. */
export async function readStdin(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of stream) {
    total += piece.length;
    if (total > MAXIMUM_BYTES) {
      throw new StdinError('Cannot read standard input: it is larger than 16 MiB, which no spec should be');
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces, total);
}
