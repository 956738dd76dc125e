/** From the bytes of a spec file to text that is worth parsing. */
import type { Problem } from './errors.ts';
import { placesOf } from './lines.ts';

/** Largest spec file; all kernel parameters of a host with a comment each need less than a fifth of it. */
const MAX_BYTES = 1024 * 1024;

/** The text of a file, or the one reason why there is none. */
export type Decoded = { readonly text: string } | { readonly problem: Problem };

/** Decodes UTF-8 with or without a byte order mark; refuses what is no text and what is too long. */
export function decode(file: string, contents: Uint8Array | string): Decoded {
  const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
  const refuse = (message: string, place = { line: 1, column: 1 }): Decoded => ({
    problem: { file, ...place, path: '', message },
  });
  if (bytes.length > MAX_BYTES) {
    return refuse(`the file has ${bytes.length} bytes; a spec has at most ${MAX_BYTES} (1 MiB)`);
  }
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (utf16) return refuse('the file is UTF-16 (it begins with its byte order mark); save it as UTF-8');

  const invalidAt = firstInvalidByte(bytes);
  if (invalidAt !== undefined) {
    const hex = `0x${(bytes[invalidAt] ?? 0).toString(16).padStart(2, '0')}`;
    const before = new TextDecoder().decode(bytes.subarray(0, invalidAt));
    const message = `the file is not UTF-8: byte ${hex} at offset ${invalidAt} cannot stand there; save it as UTF-8`;
    return refuse(message, placesOf(before)(before.length));
  }
  // TextDecoder drops a leading UTF-8 byte order mark by itself.
  const text = new TextDecoder().decode(bytes);
  const nul = text.indexOf('\0');
  if (nul !== -1) return refuse('the file contains a NUL character; it is binary or not UTF-8', placesOf(text)(nul));
  return { text };
}

/** Offset of the first byte that breaks UTF-8, found by halving: decoding a longer prefix fails whenever a shorter one does. */
function firstInvalidByte(bytes: Uint8Array): number | undefined {
  const decodes = (length: number, stream: boolean) => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length), { stream });
      return true;
    } catch {
      return false;
    }
  };
  if (decodes(bytes.length, false)) return undefined;
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (decodes(middle, true)) good = middle;
    else bad = middle;
  }
  // Where a character was begun and never completed, its first byte is the one that people look for.
  const end = bad - 1;
  return decodes(end, false) ? end : lastCharacterStart(bytes, end);
}

function lastCharacterStart(bytes: Uint8Array, end: number): number {
  let at = end - 1;
  while (at > 0 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at -= 1;
  return at;
}
