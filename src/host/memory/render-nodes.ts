/** A file, a link or a directory of a `MemoryHost`; contents hold one character per byte. */
export type MemoryNode =
  | { readonly type: 'file' | 'block'; readonly content: string; readonly mode: number }
  | { readonly type: 'link'; readonly target: string }
  | { readonly type: 'directory' };

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
