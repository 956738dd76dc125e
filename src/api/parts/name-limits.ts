/** Limits on names, the same for every area whose entries have some. */
import * as z from 'zod';
import { quoted } from '../yaml/quote.ts';
import { listed } from '../yaml/words.ts';

const Patterns = z.array(z.string().min(1).max(255)).max(1024);

/** Which names may be declared on a host. */
export const NameLimits = z.strictObject({
  allow: Patterns.optional().describe('Only these may be declared; "*" stands for any characters. Absent: all.'),
  deny: Patterns.optional().describe('These may not be declared, also when allow has them.'),
});
/** Which names may be declared on a host. */
export type NameLimits = z.infer<typeof NameLimits>;

/** What is allowed instead of a thing with these names; `undefined` when it is allowed itself. */
export function nameLimit(names: readonly string[], limits: NameLimits): string | undefined {
  const isOneOf = (pattern: string) => names.some((name) => matches(name, pattern));
  const denied = limits.deny?.find(isOneOf);
  if (denied !== undefined) return `nothing that matches ${quoted(denied)}`;
  if (limits.allow === undefined || limits.allow.some(isOneOf)) return undefined;
  return limits.allow.length === 0 ? 'none' : `only ${listed(limits.allow.map(quoted))}`;
}

/** Whether a name fits a pattern. Dots and slashes, "-" and "_" are one here: a limit must hold in whatever spelling the name comes. */
export function matches(name: string, pattern: string): boolean {
  const [text = '', ...rest] = plain(pattern).split('*');
  const whole = plain(name);
  const last = rest.pop();
  if (last === undefined) return whole === text;
  if (!whole.startsWith(text)) return false;
  let at = text.length;
  for (const part of rest) {
    const found = whole.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return whole.length - last.length >= at && whole.endsWith(last);
}

function plain(name: string): string {
  return name.replaceAll('/', '.').replaceAll('-', '_');
}
