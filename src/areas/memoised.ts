/** Bounds of a cache. */
interface Limits {
  /** Entries. */
  readonly most: number;
  /** Characters of a string. */
  readonly longest: number;
}

const NAMES: Limits = { most: 4096, longest: 256 };

/**
 * Memoises a pure function of one string, bounded. For names and short values: a pass asks the same few hundred several
 * times. What files hold is cached by `HostReader.parsed`.
 */
export function memoised<T>(derive: (text: string) => T, { most, longest }: Limits = NAMES): (text: string) => T {
  const results = new Map<string, T>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined || results.has(text)) return known as T;
    const derived = derive(text);
    if (text.length > longest) return derived;
    // All at once: it happens only with thousands of declared names.
    if (results.size >= most) results.clear();
    results.set(text, derived);
    return derived;
  };
}
