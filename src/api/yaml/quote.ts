/** Longest piece of foreign text that a message repeats. */
const QUOTE_LIMIT = 60;

/**
 * Text for a message: quoted, with everything that a terminal or a log could interpret written as an
 * escape, and cut when it is long. Names and values may be hostile and up to the size of the file.
 */
export function quoted(text: string): string {
  const shown = text.length > QUOTE_LIMIT ? text.slice(0, QUOTE_LIMIT).replace(/[\ud800-\udbff]$/, '') : text;
  const rest = text.length > QUOTE_LIMIT ? `… (${text.length} characters)` : '';
  return `"${escaped(shown.replaceAll(/["\\]/g, '\\$&'))}"${rest}`;
}

/** The same without quotes, for text that a parser has put together; cut at `limit` characters. */
export function plainText(text: string, limit: number): string {
  return escaped(text.length > limit ? `${text.slice(0, limit)}…` : text);
}

/** Control, format, surrogate and unassigned characters, separators that end a line, and spaces that only look like one. */
function escaped(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, (character) => {
    const known: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0' };
    return known[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}
