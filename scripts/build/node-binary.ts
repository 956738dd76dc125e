/** The Node that becomes the executable: of the pinned version, for the target, without its symbols. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, NODE_VERSION, PROJECT } from './paths.ts';
import { isInstalled, run } from './run.ts';
import { addRunpath } from './runpath.ts';
import { NATIVE, type Target } from './target.ts';

/** The Node that runs the build. It has the pinned version, because scripts/node26 is how npm scripts start. */
export const NATIVE_NODE = join(PROJECT, 'node_modules/node/bin/node');

/**
 * Where the executable finds libatomic.so.1, which minimal installations of Debian and Ubuntu do not
 * have: beside itself, and by name where /proc is not mounted and so nothing knows where "itself" is.
 */
const LIBRARY_DIRECTORIES = ['$ORIGIN', '/usr/local/lib/nodeprep/current', '/usr/lib/nodeprep'];

/** Prepares the binary and returns its path; the second build finds it in the cache. */
export function prepareNode(target: Target): string {
  const directory = join(CACHE, `${NODE_VERSION}-${target.name}`);
  const prepared = join(directory, 'node');
  if (existsSync(prepared)) return prepared;

  mkdirSync(directory, { recursive: true });
  const work = join(directory, 'work');
  copyFileSync(target === NATIVE ? NATIVE_NODE : unpackFromNode(target, directory), work);
  chmodSync(work, 0o755);
  strip(work, target);
  addRunpath(work, LIBRARY_DIRECTORIES.join(':'));
  renameSync(work, prepared);
  return prepared;
}

/**
 * The licences of Node and of everything that is compiled into it. They are kept here because npm removes the package of
 * the platform, which has them, after Node was taken out of it; throws when those of the pinned version are not.
 */
export function nodeLicences(): string {
  const kept = join(import.meta.dirname, 'licences', `node-${NODE_VERSION}.txt`);
  if (existsSync(kept)) return readFileSync(kept, 'utf8');
  throw new Error(`There is no "${kept}": put the LICENSE of Node ${NODE_VERSION} there, as its release has it`);
}

/** The npm package of one platform holds the official release; packing it runs no script of it. */
function unpackFromNode(target: Target, directory: string): string {
  const name = `node-${target.name}`;
  run('npm', ['pack', '--silent', `${name}@${NODE_VERSION}`], { cwd: directory });
  const archive = join(directory, `${name}-${NODE_VERSION}.tgz`);
  run('tar', ['-xzf', archive, '-C', directory, 'package/bin/node']);
  rmSync(archive);
  return join(directory, 'package/bin/node');
}

/** Symbols are a quarter of the file, and nothing at run time reads them. */
function strip(file: string, target: Target): void {
  const native = target === NATIVE ? ['strip'] : [];
  const tool = [...native, `${target.triplet}-strip`, 'llvm-strip'].find(isInstalled);
  if (tool !== undefined) return void run(tool, [file]);
  console.warn(
    `No strip for ${target.name} here, so the executable is 30 MB larger than it need be; ` +
      `"apt-get install binutils-${target.triplet.replaceAll('_', '-')}" has one.`,
  );
}
