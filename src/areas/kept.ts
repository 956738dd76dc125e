/** How much is remembered. */
interface Limits {
  /** Texts. */
  readonly most: number;
  /** Characters of a text. */
  readonly longest: number;
}

const NAMES: Limits = { most: 4096, longest: 256 };

/** For the contents of configuration files: a pass reads a few dozen, and they hardly ever change. */
export const FILES: Limits = { most: 64, longest: 32 * 1024 };

/**
 * The same function, which remembers what it said of each text. For what every pass asks again about the
 * same few names, in code that runs too seldom to be optimised.
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
