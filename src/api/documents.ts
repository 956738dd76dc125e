/** From a file to its YAML (or JSON) documents as plain data, with the place of every part. */
import { Composer, Parser } from 'yaml';
import { decode } from './decode.ts';
import type { Problem } from './errors.ts';
import { type FieldPath, renderFieldPath } from './field-path.ts';
import { placesOf } from './lines.ts';
import { type Located, locatedFrom, offsetAt } from './located.ts';
import { plainText } from './quote.ts';
import { refusalsIn } from './yaml-limits.ts';

/** One document of a file. */
export interface SpecDocument {
  readonly file: string;
  readonly root: Located;
  /** The 1-based line of a part, for messages that refer to it. */
  readonly lineOf: (path: FieldPath) => number;
  /** A mistake at a path, with its place; `key` points at the field name instead of its value. */
  readonly problem: (path: FieldPath, message: string, of?: 'key' | 'value') => Problem;
}

/** The documents of a file and what is wrong with it as YAML; a document with a syntax mistake is left out. */
export interface ParsedFile {
  readonly documents: readonly SpecDocument[];
  readonly problems: readonly Problem[];
}

/** Most syntax problems of one document: after the first, the parser guesses. */
const SYNTAX_PROBLEMS = 10;

/** Parses a file. Never throws: whatever is wrong is a problem. */
export function parseDocuments(file: string, contents: Uint8Array | string): ParsedFile {
  const decoded = decode(file, contents);
  if ('problem' in decoded) return { documents: [], problems: [decoded.problem] };
  const { text } = decoded;
  const placeOf = placesOf(text);
  const problemAt = (at: number, path: FieldPath, message: string): Problem => ({
    file,
    ...placeOf(Math.max(0, Math.min(at, text.length))),
    path: renderFieldPath(path),
    message,
  });

  const tokens = [...new Parser().parse(text)];
  const refusals = refusalsIn(tokens);
  if (refusals.some((refusal) => refusal.fatal)) {
    return { documents: [], problems: refusals.map(({ at, message }) => problemAt(at, [], message)) };
  }

  const documents: SpecDocument[] = [];
  const problems: Problem[] = [];
  // Duplicate keys are found while the tree is built: the check of the library compares every key with every other.
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  for (const parsed of composer.compose(tokens, true, text.length)) {
    const faults = [...parsed.errors, ...parsed.warnings];
    if (faults.length > 0) {
      const shown = faults.slice(0, SYNTAX_PROBLEMS);
      problems.push(
        ...shown.map((fault) => problemAt(fault.pos[0], [], `not valid YAML: ${plainText(fault.message, 200)}`)),
      );
      continue;
    }
    const root = locatedFrom(parsed.contents, parsed.range[0], [], (at, path, message) =>
      problems.push(problemAt(at, path, message)),
    );
    if (root.value === null) continue;
    documents.push({
      file,
      root,
      lineOf: (path) => placeOf(offsetAt(root, path)).line,
      problem: (path, message, of) => problemAt(offsetAt(root, path, of), path, message),
    });
  }
  if (documents.length === 0 && problems.length === 0) {
    problems.push(problemAt(0, [], 'the file is empty; expected a NodePrep document (apiVersion, kind, spec)'));
  }
  return { documents, problems };
}
