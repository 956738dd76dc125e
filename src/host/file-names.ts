/**
 * Names of files as strings. Linux takes any bytes for a name; one that is not UTF-8 has a lone
 * surrogate for each byte that makes no character (U+DC80 to U+DCFF, as Python does), so that the
 * file can still be opened by its name.
 */
import { isUtf8 } from 'node:buffer';

const ESCAPE = 0xdc00;

/** A name as the file system gave it. */
export function nameFromBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let name = '';
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((count) => at + count <= bytes.length && isUtf8(bytes.subarray(at, at + count)));
    name +=
      length === undefined ? String.fromCharCode(ESCAPE + (bytes[at] ?? 0)) : bytes.toString('utf8', at, at + length);
    at += length ?? 1;
  }
  return name;
}

/** What a system call takes for a path; the same string unless a name in it is not UTF-8. */
export function pathToBytes(path: string): string | Buffer {
  if (path.isWellFormed()) return path;
  return Buffer.concat(
    Array.from(path, (char) => {
      const byte = (char.codePointAt(0) ?? 0) - ESCAPE;
      return byte >= 0x80 && byte <= 0xff ? Buffer.from([byte]) : Buffer.from(char);
    }),
  );
}
