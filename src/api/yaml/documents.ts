/** From a file to its YAML (or JSON) documents as plain data, with the place of every part. */
import { Composer, type CST, type Document } from 'yaml';
import { decode } from './decode.ts';
import type { Problem } from './errors.ts';
import { type FieldPath, renderFieldPath } from './field-path.ts';
import { placesOf } from './lines.ts';
import { type Located, locatedFrom, offsetAt, partAt } from './located.ts';
import { mistakeBehind } from './syntax.ts';
import { tokenize } from './tokens.ts';
import { refusalsIn } from './yaml-limits.ts';

/** One document of a file. */
export interface SpecDocument {
  readonly file: string;
  readonly root: Located;
  /** Where a part is, for messages that refer to it from elsewhere: `nodeprep.yaml:3`. */
  readonly placeOf: (path: FieldPath) => string;
  /** The same for messages about this document: `on line 3`. */
  readonly whereIs: (path: FieldPath) => string;
  /** Whether a field is there without a value; such fields are not part of `root`. */
  readonly isEmpty: (path: FieldPath) => boolean;
  /** A mistake at a path, with its place; `key` points at the field name instead of its value. */
  readonly problem: (path: FieldPath, message: string, of?: 'key' | 'value') => Problem;
}

/** The documents of a file and what is wrong with it as YAML; a document with a syntax mistake is left out. */
export interface ParsedFile {
  readonly documents: readonly SpecDocument[];
  readonly problems: readonly Problem[];
}

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

  const tokenized = tokenize(text);
  const refusals = 'refusal' in tokenized ? [tokenized.refusal] : refusalsIn(tokenized.tokens);
  if ('refusal' in tokenized || refusals.length > 0) {
    return { documents: [], problems: refusals.map(({ at, message }) => problemAt(at, [], message)) };
  }

  const documents: SpecDocument[] = [];
  const problems: Problem[] = [];
  for (const parsed of compose(tokenized.tokens, text.length)) {
    const mistake = mistakeBehind(text, parsed.range[0], [...parsed.errors, ...parsed.warnings]);
    if (mistake !== undefined) {
      problems.push(problemAt(mistake.at, [], mistake.message));
      continue;
    }
    const root = locatedFrom(parsed.contents, parsed.range[0], [], (at, path, message) =>
      problems.push(problemAt(at, path, message)),
    );
    if (root.value === null) continue;
    documents.push({
      file,
      root,
      placeOf: (path) => `${file}:${placeOf(offsetAt(root, path)).line}`,
      whereIs: (path) => `on line ${placeOf(offsetAt(root, path)).line}`,
      isEmpty: (path) => partAt(root, path)?.value === null,
      problem: (path, message, of) => problemAt(offsetAt(root, path, of), path, message),
    });
  }
  if (documents.length === 0 && problems.length === 0) {
    problems.push(problemAt(0, [], 'the file is empty; expected a NodePrep document (apiVersion, kind, spec)'));
  }
  return { documents, problems };
}

function compose(tokens: readonly CST.Token[], end: number): Iterable<Document.Parsed> {
  // Duplicate keys are found while the tree is built: the check of the library compares every key with every other.
  const options = {
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  } as const;
  return new Composer(options).compose(tokens, false, end);
}
