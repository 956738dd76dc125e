/** How much is kept. */
interface Limits {
  /** Texts. */
  readonly most: number;
  /** Characters of a text. */
  readonly longest: number;
}

const NAMES: Limits = { most: 4096, longest: 256 };

/**
 * Memoises a pure function of one string, bounded. For names and short values: a pass asks the same few hundred several
 * times. What files say is kept by `HostReader.parsed`.
 */
export function keptByText<T>(derive: (text: string) => T, { most, longest }: Limits = NAMES): (text: string) => T {
  const kept = new Map<string, T>();
  return (text) => {
    const known = kept.get(text);
    if (known !== undefined || kept.has(text)) return known as T;
    const derived = derive(text);
    if (text.length > longest) return derived;
    // All at once: it happens only with thousands of declared names.
    if (kept.size >= most) kept.clear();
    kept.set(text, derived);
    return derived;
  };
}
