const MOST = 4096;
const LONGEST = 256;

/**
 * The same function, which remembers what it said of each text. For what every pass asks again about the
 * same few names, in code that runs too seldom to be optimised.
 */
export function keptByText<T>(derive: (text: string) => T): (text: string) => T {
  const kept = new Map<string, T>();
  return (text) => {
    const known = kept.get(text);
    if (known !== undefined || kept.has(text)) return known as T;
    const derived = derive(text);
    if (text.length > LONGEST) return derived;
    // All at once, because it happens only to somebody who declares thousands of names.
    if (kept.size >= MOST) kept.clear();
    kept.set(text, derived);
    return derived;
  };
}
