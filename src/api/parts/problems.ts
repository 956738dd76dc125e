/** Rules that the entries of several areas have in common. */
import type { SpecDocument } from '../yaml/documents.ts';
import { InvalidNameError, type Problem } from '../yaml/errors.ts';
import type { FieldPath } from '../yaml/field-path.ts';
import { type Located, textAt } from '../yaml/located.ts';
import { quoted } from '../yaml/quote.ts';
import { quoteHint } from '../yaml/words.ts';

/** Why the name at a path can be no name of an entry, and with `meant` which one it should be. */
export function nameProblem(
  document: SpecDocument,
  path: FieldPath,
  canonical: (name: string) => string,
  meant: (name: string) => string | undefined = () => undefined,
): Problem[] {
  const name = textAt(document.root, path);
  if (name === undefined) return [];
  try {
    canonical(name);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidNameError)) throw error;
    const instead = meant(name);
    const hint = instead === undefined ? '' : ` (did you mean ${quoted(instead)}?)`;
    return [document.problem(path, `${error.message}${hint}`)];
  }
}

/** `0x10`, `010`, `1.0` and `1e3` are numbers to YAML, but the kernel would get other characters than were written. */
export function numberProblem({ value, written }: Located): string | undefined {
  if (typeof value !== 'number' || written === undefined || written === String(value)) return undefined;
  // 010 is 10 to YAML and 8 to the kernel: which one is meant is not guessed.
  const isClear = Number.isInteger(value) && Math.abs(value) < 2 ** 31 && !/^[-+]?0\d/.test(written);
  const plain = isClear ? `write ${value}, or ` : '';
  return `the number ${quoted(written)} is not written as a plain whole number; ${plain}${quoteHint(value, written)}`;
}
