/** Patterns of keys and files in foreign files: glob(7), without regular expressions that a hostile file could blow up. */

type Token =
  | { readonly kind: 'any' }
  | { readonly kind: 'star' }
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'set'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

/** Whether a path is a pattern, as containerd and the readers of sysctl.d decide it. */
export function isGlob(path: string): boolean {
  return /[*?[]/.test(path);
}

/** Whether a pattern matches a path; no wildcard matches a slash. */
export function matchesGlob(pattern: string, path: string): boolean {
  const [patterns, parts] = [pattern.split('/'), path.split('/')];
  return patterns.length === parts.length && patterns.every((one, at) => matchesPart(one, parts[at] as string));
}

/** The usual walk with one point of return: the last star takes one more character. */
function matchesPart(pattern: string, text: string): boolean {
  const tokens = tokensOf(pattern);
  let [at, token, star, starAt] = [0, 0, -1, 0];
  while (at < text.length) {
    const current = tokens[token];
    if (current?.kind === 'star') {
      [star, starAt] = [token, at];
      token += 1;
    } else if (current !== undefined && takes(current, text[at] as string)) {
      at += 1;
      token += 1;
    } else if (star >= 0) {
      starAt += 1;
      [at, token] = [starAt, star + 1];
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest.kind === 'star');
}

function takes(token: Token, char: string): boolean {
  if (token.kind === 'char') return token.char === char;
  if (token.kind === 'set') return token.ranges.some(([from, to]) => from <= char && char <= to) !== token.negated;
  return true;
}

function tokensOf(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] as string;
    if (char === '*') {
      if (tokens.at(-1)?.kind !== 'star') tokens.push({ kind: 'star' });
    } else if (char === '?') tokens.push({ kind: 'any' });
    else if (char === '[') {
      const set = setAt(pattern, at);
      tokens.push(set?.token ?? { kind: 'char', char });
      at = set?.end ?? at;
    } else if (char === '\\' && at + 1 < pattern.length) {
      at += 1;
      tokens.push({ kind: 'char', char: pattern[at] as string });
    } else tokens.push({ kind: 'char', char });
  }
  return tokens;
}

function setAt(pattern: string, start: number): { readonly token: Token; readonly end: number } | undefined {
  const negated = pattern[start + 1] === '!' || pattern[start + 1] === '^';
  const first = start + (negated ? 2 : 1);
  // A bracket directly after the opening one is a member, not the end.
  const end = pattern.indexOf(']', first + 1);
  if (end < 0) return undefined;
  const ranges: [string, string][] = [];
  for (let at = first; at < end; at += 1) {
    const from = pattern[at] as string;
    if (pattern[at + 1] === '-' && at + 2 < end) {
      ranges.push([from, pattern[at + 2] as string]);
      at += 2;
    } else ranges.push([from, from]);
  }
  return { token: { kind: 'set', negated, ranges }, end };
}
