import type { MemoryNode } from './memory-host.ts';

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
