import { fstatSync, writeSync } from 'node:fs';

/** Where the log goes unless told otherwise; may throw, and can be written again when what was in the way is gone. */
export function ownOutput(): { readonly write: (text: string) => unknown; readonly isTTY?: boolean } {
  // The stream of Node's over a file would be closed for ever by the first full disk.
  return isFile(1) ? { write: (text) => writeSync(1, text) } : process.stdout;
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}
