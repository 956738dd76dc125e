/** How messages about a document name values and choices. */
import { plainText, quoted } from './quote.ts';

/** A value as a message names it: `the text "x"`, `the number 1`, `nothing`, `a list`. */
export function describe(value: unknown, written?: string): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = plainText(written ?? JSON.stringify(value), 60);
  return typeof value === 'number' ? `the number ${text}` : text;
}

/** `a, b or c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** How to keep a number or a boolean as the text that was written. */
export function quoteHint(value: unknown, written: string | undefined): string {
  return `quote it if it is meant as text: ${quoted(written ?? scalarText(value))}`;
}

/** A scalar as text, empty for everything else: a mapping may have a `toString` that is no function. */
export function scalarText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** Whether a parsed value has fields: neither a scalar nor a list. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
