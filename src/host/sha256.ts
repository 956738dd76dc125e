import type { Hash } from 'node:crypto';

/** A SHA-256 to be fed. Node's cryptography is loaded with the first: commands that need none start faster. */
export function createSha256(): Hash {
  return process.getBuiltinModule('node:crypto').createHash('sha256');
}
