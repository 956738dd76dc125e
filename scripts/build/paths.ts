import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where the checkout is. */
export const PROJECT = resolve(import.meta.dirname, '../..');
/** Where results of a build go. */
export const DIST = join(PROJECT, 'dist');
/** What a build fetches once and needs again: Node and libraries of other architectures. */
export const CACHE = join(PROJECT, 'node_modules/.cache/nodeprep-build');

const manifest = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
  version: string;
  devDependencies: { node: string };
};

/** Version of NodePrep, from package.json. */
export const VERSION = manifest.version;
/** Version of Node inside the executable: the one that the tests run on. */
export const NODE_VERSION = manifest.devDependencies.node;
