/** Programs of a release of Debian, unpacked once and kept: what a test runs beside those of this machine. */
import { join } from 'node:path';
import { buildOnce } from '../build-once.ts';
import { hashOf } from '../cache.ts';

const UNPACK = join(import.meta.dirname, 'unpack-packages');

/** A release that packages are taken from. */
export type Suite = 'bookworm' | 'trixie' | 'sid';

/** The root tree with the containerd of that release; throws where it is not to be had. */
export async function ensureContainerd(suite: Suite): Promise<string> {
  return unpackedPackages('containerd', suite, ['containerd']);
}

/** The root tree with these packages and nothing else; fetches them when it is missing. */
async function unpackedPackages(name: string, suite: Suite, packages: readonly string[]): Promise<string> {
  const key = `${hashOf(UNPACK)}-${packages.join('+')}`;
  const what = `${packages.join(' and ')} of Debian ${suite}`;
  const folder = await buildOnce(`${name}-${suite}`, key, what, (target) => [UNPACK, suite, target, ...packages]);
  return join(folder, 'root');
}
