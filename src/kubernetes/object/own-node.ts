/** The Node as last read, for its owner reference and its labels. */

/** The Node as far as others need it. */
export interface OwnNode {
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The newest copy of the Node; every part that reads the Node stores it here. */
export interface OwnNodeView {
  readonly current: () => OwnNode | undefined;
  readonly saw: (node: unknown) => void;
  /** Calls back when the Node has changed. */
  readonly onChange: (listener: () => void) => void;
}

/** Knows nothing at first. */
export function createOwnNodeView(): OwnNodeView {
  let current: OwnNode | undefined;
  let text = '';
  const listeners: (() => void)[] = [];
  return {
    current: () => current,
    onChange: (listener) => void listeners.push(listener),
    saw: (node) => {
      const metadata = (node as { metadata?: { uid?: unknown; labels?: unknown } | null } | undefined)?.metadata;
      if (typeof metadata?.uid !== 'string') return;
      current = { uid: metadata.uid, labels: textsFrom(metadata.labels) };
      const next = JSON.stringify(current);
      if (next === text) return;
      text = next;
      for (const listener of listeners) listener();
    },
  };
}

function textsFrom(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
