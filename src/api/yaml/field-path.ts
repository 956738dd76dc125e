import { quoted } from './quote.ts';

/** Where a value is inside a document: field names and list positions. */
export type FieldPath = readonly (string | number)[];

/** The path as messages show it: `spec.sysctls[2].value`. */
export function renderFieldPath(path: FieldPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (!/^[A-Za-z_][A-Za-z0-9_-]{0,59}$/.test(part)) return `${text}[${quoted(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}
