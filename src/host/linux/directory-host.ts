/**
 * Paths below a directory that stands for a host (`--root DIR`), which another user may own, or
 * that the whole of a running host is mounted on (`--host-root DIR`).
 *
 * Every part of a path is looked at here and never by the kernel alone, because the kernel would
 * follow a link of the image into the machine we run on. Each directory on the way is held open
 * and the next part is looked up in the held one, so that a directory which is swapped for a link
 * meanwhile leads nowhere.
 */
import { closeSync, constants, existsSync, lstatSync, openSync, readlinkSync } from 'node:fs';
import { HostFileError } from '../errors.ts';
import { assertPath, fileErrorFrom } from './files/file-errors.ts';
import { pathToBytes } from '../file-names.ts';
import { holdFlags, type Lookup, type Place, type Places } from './place.ts';
import { makeDirectory } from './files/sync-directory.ts';

/** As many links as the kernel follows (path_resolution(7)). */
const maximumLinks = 40;

/** Without /proc there is no openat(2) in Node; then paths are used and a swap is noticed less surely. */
const descriptorPaths = existsSync('/proc/self/fd');

interface Link {
  readonly path: string;
  readonly target: string;
  /** The kernel of this machine would leave the directory by it. */
  readonly leadsOut: boolean;
}

/** A part of a path still to walk, and the link that it comes from. */
interface Part {
  readonly name: string;
  readonly link?: Link;
}

/**
 * Whether links mean what they mean on the host that runs there, or whether one that leaves the
 * directory, as it may be meant for another machine, is in doubt.
 */
type Links = 'running' | 'doubtful';

/** Finds places below `root`, the real path of a directory, and never outside of it. */
export function directoryHost(root: string, links: Links = 'doubtful'): Places {
  return {
    find: (action, path, lookup) => {
      assertPath(action, path);
      const walk = new Walk(root, links, action, path, lookup);
      let found: Place | undefined;
      try {
        found = walk.find();
      } catch (error) {
        throw fileErrorFrom(action, path, error);
      } finally {
        if (found === undefined) walk.release();
      }
      return found;
    },
    makeParents: (path) => {
      const walk = new Walk(root, links, 'create the directory of', path, 'write', true);
      try {
        walk.find();
      } catch (error) {
        throw fileErrorFrom('create the directory of', path, error);
      } finally {
        walk.release();
      }
    },
  };
}

class Walk {
  readonly #root: string;
  readonly #links: Links;
  readonly #action: string;
  readonly #path: string;
  readonly #lookup: Lookup;
  readonly #create: boolean;
  /** The directories from the root down to where we are, held open. */
  readonly #held: { readonly fd: number; readonly name: string }[] = [];
  #followed = 0;

  constructor(root: string, links: Links, action: string, path: string, lookup: Lookup, create = false) {
    this.#root = root;
    this.#links = links;
    this.#action = action;
    this.#path = path;
    this.#lookup = lookup;
    this.#create = create;
  }

  find(): Place | undefined {
    this.#held.push({ fd: openSync(this.#root, holdFlags), name: '' });
    const parts = partsOf(this.#path);
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      if (part.name === '..') {
        this.#leave(part);
        continue;
      }
      const last = parts.length === 0;
      if (last && this.#lookup !== 'read') return this.#place(part.name);

      const found = lstatSync(pathToBytes(this.#at(part.name)), { throwIfNoEntry: false });
      if (found === undefined) {
        // What an absolute link of the image means here is known only when the image has the target.
        if (part.link?.leadsOut) throw this.#leadsOut(part.link);
        if (!this.#create || last) return undefined;
        makeDirectory(this.#at(part.name), this.#at());
        this.#enter(part.name);
      } else if (found.isSymbolicLink()) {
        const target = readlinkSync(pathToBytes(this.#at(part.name)), 'utf8');
        if (target === '/dev/null') return last ? this.#place(part.name, true) : this.#notDirectory();
        parts.unshift(...this.#follow(this.#real(part.name), target));
      } else if (last) return this.#place(part.name);
      else if (found.isDirectory()) this.#enter(part.name);
      else return this.#notDirectory();
    }
    return this.#place('.');
  }

  release(): void {
    for (const { fd } of this.#held.splice(0)) closeSync(fd);
  }

  #follow(path: string, target: string): Part[] {
    this.#followed += 1;
    if (this.#followed > maximumLinks) {
      throw new HostFileError(this.#action, this.#path, 'ELOOP', `its links lead in a circle, by way of "${path}"`);
    }
    if (!target.startsWith('/')) return partsOf(target, { path, target, leadsOut: false });

    const running = this.#links === 'running';
    const inside = !running && `${target}/`.startsWith(`${this.#root}/`);
    const link = { path, target, leadsOut: !inside && !running };
    // Reading goes on below our root, as it will be when the image boots; writing refuses the doubt.
    if (link.leadsOut && this.#lookup === 'write') throw this.#leadsOut(link);
    for (const { fd } of this.#held.splice(1)) closeSync(fd);
    return partsOf(inside ? target.slice(this.#root.length) : target, link);
  }

  #leave(part: Part): void {
    const left = this.#held.length > 1 ? this.#held.pop() : undefined;
    if (left !== undefined) closeSync(left.fd);
    else if (part.link !== undefined && this.#links === 'doubtful') throw this.#leadsOut(part.link);
  }

  #enter(name: string): void {
    this.#held.push({ fd: openSync(this.#at(name), holdFlags), name });
  }

  /** The path of a part of the directory held last; /proc/self/fd makes it an openat(2). */
  #at(name?: string): string {
    const fd = this.#held.at(-1)?.fd;
    const directory = descriptorPaths && fd !== undefined ? `/proc/self/fd/${fd}` : `${this.#root}${this.#real()}`;
    return name === undefined ? directory : `${directory}/${name}`;
  }

  #real(name?: string): string {
    const names = this.#held.slice(1).map((held) => held.name);
    return `/${(name === undefined || name === '.' ? names : [...names, name]).join('/')}`;
  }

  #place(name: string, masked = false): Place {
    return {
      at: pathToBytes(this.#at(name)),
      directory: this.#at(),
      name,
      real: masked ? '/dev/null' : this.#real(name),
      flags: constants.O_NOFOLLOW,
      masked,
      [Symbol.dispose]: () => this.release(),
    };
  }

  #notDirectory(): undefined {
    if (!this.#create) return undefined;
    throw new HostFileError(this.#action, this.#path, 'ENOTDIR', 'a part of the path is not a directory');
  }

  #leadsOut(link: Link): HostFileError {
    const detail = `the link "${link.path}" -> "${link.target}" leads out of "${this.#root}", which stands for the host`;
    return new HostFileError(this.#action, this.#path, 'EXDEV', `${detail}; replace it by a link that stays inside`);
  }
}

function partsOf(path: string, link?: Link): Part[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  return names.map((name) => (link === undefined ? { name } : { name, link }));
}
