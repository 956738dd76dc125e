/** How a path leads through the links of a `MemoryHost`. */
import { HostFileError } from '../errors.ts';
import { assertPath } from '../linux/files/file-errors.ts';
import type { MemoryNode } from './nodes.ts';

/** The directory of a path. */
export const parent = (path: string) => path.slice(0, Math.max(path.lastIndexOf('/'), 1));

/** Follows links in every part of the path, at most 40 as the kernel does. */
export function resolvePath(
  nodes: ReadonlyMap<string, MemoryNode>,
  action: string,
  path: string,
  links = { left: 40 },
): string {
  assertPath(action, path);
  let at = '';
  for (const part of path.split('/').filter((piece) => piece !== '' && piece !== '.')) {
    if (part === '..') {
      at = parent(at) === '/' ? '' : parent(at);
      continue;
    }
    at = `${at}/${part}`;
    const node = nodes.get(at);
    if (node?.type !== 'link') continue;
    links.left -= 1;
    if (links.left < 0) throw new HostFileError(action, path, 'ELOOP', 'its links lead in a circle');
    const target = node.target.startsWith('/') ? node.target : `${parent(at)}/${node.target}`;
    const resolved = resolvePath(nodes, action, target, links);
    at = resolved === '/' ? '' : resolved;
  }
  return at === '' ? '/' : at;
}

/** The names in a directory, sorted. */
export function namesIn(nodes: ReadonlyMap<string, MemoryNode>, directory: string): readonly string[] {
  const prefix = directory === '/' ? '/' : `${directory}/`;
  const below = [...nodes.keys()].filter((known) => known !== '/' && known.startsWith(prefix));
  return [...new Set(below.map((known) => known.slice(prefix.length).split('/')[0] as string))].toSorted();
}
