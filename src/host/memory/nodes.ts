import { HostFileError, otherNames } from '../errors.ts';
import type { FileStat } from '../host.ts';

/** Who a node belongs to and who may do what with it; root owns a node that says nothing. */
export interface Ownership {
  readonly mode?: number;
  readonly owner?: number;
  readonly links?: number;
}

/** A file, a link or a directory of a `MemoryHost`; contents hold one character per byte. */
export type MemoryNode =
  | (Ownership & { readonly type: 'file' | 'block'; readonly content: string; readonly mode: number })
  | (Ownership & { readonly type: 'link'; readonly target: string })
  | (Ownership & { readonly type: 'directory' });

/** The node with another owner or mode. */
export function ownedNode(node: MemoryNode | undefined, ownership: Ownership): MemoryNode {
  return { ...(node ?? { type: 'directory' }), ...ownership };
}

/** What lstat(2) says of a node. */
export function statOf(node: MemoryNode): FileStat {
  const { type, mode = type === 'link' ? 0o777 : 0o755, owner = 0, links = type === 'directory' ? 2 : 1 } = node;
  const size = node.type === 'link' ? node.target.length : node.type === 'directory' ? 0 : node.content.length;
  // Without a clock everything is old.
  return { type, mode, size, owner, links, modifiedMs: Number.NEGATIVE_INFINITY };
}

/** Throws `HostFileError` where a file cannot take the place of what is there. */
export function assertReplaceable(path: string, old: MemoryNode | undefined, onlyName: boolean): void {
  if (old?.type === 'link') throw new HostFileError('write', path, 'ELOOP', 'it is a link');
  if (old?.type === 'directory') throw new HostFileError('write', path, 'EISDIR', 'it is a directory, not a file');
  if (old?.type === 'block') throw new HostFileError('write', path, 'EINVAL', 'it is a device, not a file');
  if (onlyName && old !== undefined && statOf(old).links > 1) throw otherNames(path, statOf(old).links);
}

/** A whole world, sorted, for a readable assertion. */
export function renderNodes(
  nodes: ReadonlyMap<string, MemoryNode>,
  text: (path: string) => string | undefined,
): string {
  return [...nodes]
    .filter(([, node]) => node.type !== 'directory')
    .map(([path, node]) =>
      node.type === 'link' ? `${path} -> ${node.target}` : `${path}: ${JSON.stringify(text(path))}`,
    )
    .toSorted()
    .join('\n');
}
