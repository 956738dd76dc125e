/** The root tree that native nodes of one release share, built once and kept. */
import { join } from 'node:path';
import { buildOnce } from '../build-once.ts';
import { hashOf } from '../cache.ts';
import type { Suite } from '../image.ts';

const BUILD_TREE = join(import.meta.dirname, 'build-tree');
const SCRIPTS = [BUILD_TREE, join(import.meta.dirname, '../debian-tree')];

/** The root tree of that release; builds it when a script has changed since. Takes a minute or two then. */
export async function ensureTree(suite: Suite): Promise<string> {
  const folder = await buildOnce(`tree-${suite}`, hashOf(...SCRIPTS), `the root tree of ${suite} nodes`, (target) => [
    BUILD_TREE,
    suite,
    target,
  ]);
  return join(folder, 'root');
}
