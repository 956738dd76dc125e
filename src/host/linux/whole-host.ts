import { realpathSync, statSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { assertPath, errnoOf, fileErrorFrom } from './files/file-errors.ts';
import { pathToBytes } from '../file-names.ts';
import type { Place, Places } from './place.ts';
import { makeDirectory } from './files/sync-directory.ts';

/**
 * A path of the running host that is left to the kernel to resolve, `root` being where the host is
 * mounted. Nothing is held open; parts are taken only for a write.
 */
export class KernelResolvedPlace implements Place {
  readonly at: string | Buffer;
  readonly real: string;
  readonly #path: string;
  readonly flags = 0;
  readonly masked = false;

  constructor(root: string, path: string) {
    this.#path = root === '' ? path : `${root}${path}`;
    this.at = pathToBytes(this.#path);
    this.real = path;
  }

  get directory(): string {
    return dirname(this.#path);
  }

  get name(): string {
    return posix.basename(this.#path);
  }

  [Symbol.dispose](): void {}
}

/** The places of the running host: the kernel resolves every path, since all of `/` belongs to the host. */
export const wholeHost: Places = {
  find: (action, path): Place => {
    assertPath(action, path);
    return new KernelResolvedPlace('', path.length > 1 && path.endsWith('/') ? path.replace(/\/+$/, '') || '/' : path);
  },

  makeParents: (path) => {
    // A path that is not absolute would make directories wherever the process was started.
    assertPath('create the directory of', path);
    const missing: string[] = [];
    try {
      for (let up = dirname(path); !isDirectory(up); up = dirname(up)) missing.unshift(up);
      for (const directory of missing) makeDirectory(directory, dirname(directory));
    } catch (error) {
      throw fileErrorFrom('create the directory of', path, error);
    }
  },
};

/** The real path of a place that the kernel resolves, `undefined` when it leads nowhere. */
export function realPathOf(root: string, path: string): string | undefined {
  try {
    return realpathSync.native(`${root}${path}`).slice(root.length);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw fileErrorFrom('resolve', path, error);
  }
}

function isDirectory(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isDirectory()) return found !== undefined;
  throw Object.assign(new Error(`"${path}" is not a directory`), { code: 'ENOTDIR' });
}
