/** The disk image of a Debian machine, built once and kept. */
import { join } from 'node:path';
import { buildOnce } from './build-once.ts';
import { hashOf } from './cache.ts';

const BUILD_IMAGE = join(import.meta.dirname, 'build-image');
const SCRIPTS = [BUILD_IMAGE, join(import.meta.dirname, 'debian-tree')];

/** Releases that the tests boot. */
export type Suite = 'bookworm' | 'trixie';

/** The folder with the image of that release; builds it when a script has changed since. Takes minutes then. */
export async function ensureImage(suite: Suite): Promise<string> {
  return build(`image-${suite}`, hashOf(...SCRIPTS), suite, []);
}

/** The same with more packages, kept beside it; `name` tells it from other such images. */
export async function ensureImageWith(name: string, suite: Suite, packages: readonly string[]): Promise<string> {
  return build(`${name}-image-${suite}`, `${hashOf(...SCRIPTS)}-${packages.join('+')}`, suite, packages);
}

async function build(kind: string, key: string, suite: Suite, packages: readonly string[]): Promise<string> {
  return buildOnce(kind, key, `the image of a ${suite} machine`, (folder) => [
    BUILD_IMAGE,
    suite,
    folder,
    packages.join(','),
  ]);
}
