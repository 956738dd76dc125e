/** Longer words are never typing errors of a field or preset name, and comparing them would be slow. */
const LONGEST_WORD = 64;

/** The candidate that `word` most likely stands for; `undefined` when none is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > LONGEST_WORD) return undefined;
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: distanceOf(plain(word), plain(candidate)) }))
    .toSorted((a, b) => a.distance - b.distance);
  const best = ranked[0];
  const limit = Math.max(1, Math.floor(word.length / 3));
  return best !== undefined && best.distance <= limit ? best.candidate : undefined;
}

/** The candidate that differs least from `word` and in less than `limit` letters; of several the one that begins most alike. */
export function closest(word: string, candidates: Iterable<string>, limit: number): string | undefined {
  let [best, least, alike]: [string | undefined, number, number] = [undefined, limit, 0];
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > least) continue;
    const distance = distanceOf(word, candidate);
    const common = commonStart(word, candidate);
    if (distance < least || (distance === least && best !== undefined && common > alike))
      [best, least, alike] = [candidate, distance, common];
  }
  return best;
}

function commonStart(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}

/** ` (did you mean "x"?)`, or nothing when no candidate is close. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const best = nearest(word, candidates);
  return best === undefined ? '' : ` (did you mean "${best}"?)`;
}

/** Case and separators are the commonest mistakes and cost nothing. */
function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** How many letters are to be changed, added, left out or exchanged with their neighbour; one row at a time. */
function distanceOf(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const exchange = isExchanged ? (before[j - 2] ?? 0) + 1 : change;
      next.push(Math.min(change, exchange, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
