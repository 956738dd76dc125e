/**
 * Several documents (the main file and its drop-ins) become one source. Order gives no precedence:
 * documents that disagree are a mistake that names both places, because the author of the one that
 * would lose could not know.
 */
import * as z from 'zod';
import { meaningOf, namedList, type NamedList } from '../parts/merging.ts';
import type { Declaration, DeclaredEntries } from '../parts/part.ts';
import type { SpecDocument } from '../yaml/documents.ts';
import type { Problem } from '../yaml/errors.ts';
import { type FieldPath, renderFieldPath } from '../yaml/field-path.ts';
import { listAt, partAt } from '../yaml/located.ts';
import { plainText, quoted } from '../yaml/quote.ts';
import { describe } from '../yaml/words.ts';
import { NodePrepDocument } from './nodeprep.ts';

/** The merged spec as plain data, and what the documents disagree about. */
export interface Merged {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly name: string | undefined;
  readonly problems: readonly Problem[];
  /** Where the entries of a list below `spec` are declared, by canonical name. */
  readonly declared: DeclaredEntries;
}

/** The state of a walk over the schema. */
interface Merge {
  readonly documents: readonly SpecDocument[];
  readonly problems: Problem[];
  /** Entries of each list that is merged by name, by path. */
  readonly entries: Map<string, ReadonlyMap<string, Declaration>>;
}

/**
 * Merges documents. Walks the schema, so that a field of it cannot be forgotten. Tolerates invalid documents, whose own
 * problems are reported elsewhere: what is not as the schema wants it is left out.
 */
export function mergeDocuments(documents: readonly SpecDocument[]): Merged {
  const merge: Merge = { documents, problems: [], entries: new Map() };
  const { spec, metadata } = NodePrepDocument.shape;
  const merged = mergedValue(merge, spec, ['spec']) ?? {};
  // Labels and the like belong to objects of the API server; of a file, only the name counts.
  const name = mergedValue(merge, metadata.unwrap().shape.name, ['metadata', 'name']);
  return {
    spec: merged as Record<string, unknown>,
    name: typeof name === 'string' ? name : undefined,
    problems: merge.problems,
    declared: (...path) => merge.entries.get(renderFieldPath(['spec', ...path])) ?? new Map(),
  };
}

function mergedValue(merge: Merge, schema: unknown, path: FieldPath): unknown {
  const type = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (type instanceof z.ZodObject) return mergedFields(merge, path, () => Object.entries(type.shape));
  if (type instanceof z.ZodRecord)
    return mergedFields(merge, path, (keys) => keys.map((key) => [key, type.valueType] as const));
  const list = type instanceof z.ZodArray ? namedList(type) : undefined;
  if (list !== undefined) return mergedList(merge, list, path);
  return singleValue(merge, type as z.ZodType, path);
}

/** A mapping field by field; `undefined` when no document has it. */
function mergedFields(
  merge: Merge,
  path: FieldPath,
  fieldsFrom: (keys: readonly string[]) => readonly (readonly [string, unknown])[],
): Record<string, unknown> | undefined {
  const mappings = merge.documents
    .map((document) => partAt(document.root, path))
    .filter((one) => typeof one?.value === 'object' && one.value !== null && !Array.isArray(one.value));
  if (mappings.length === 0) return undefined;
  const keys = new Set(mappings.flatMap((one) => [...(one?.children.keys() ?? [])].map(String)));
  const fields = fieldsFrom([...keys]).flatMap(([key, field]) => {
    const value = mergedValue(merge, field, [...path, key]);
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(fields);
}

function singleValue({ documents, problems }: Merge, schema: z.ZodType, path: FieldPath): unknown {
  let first: Declaration | undefined;
  for (const document of documents) {
    const value = partAt(document.root, path)?.value;
    if (value === undefined || !schema.safeParse(value).success) continue;
    const here = { document, path, value, meaning: meaningOf(schema, value) };
    first ??= here;
    if (first.meaning !== here.meaning) problems.push(disagreement(first, here, renderFieldPath(path)));
  }
  return first?.value;
}

/** The entries of all documents by canonical name; `undefined` when no document has the list. */
function mergedList({ documents, problems, entries }: Merge, list: NamedList, path: FieldPath): unknown {
  const having = documents.filter((document) => Array.isArray(partAt(document.root, path)?.value));
  if (having.length === 0) return undefined;
  const found = new Map<string, Declaration>();
  for (const document of having) {
    for (const at of listAt(document.root, path)) {
      const value = partAt(document.root, at)?.value;
      const entry = list.read(value);
      if (entry === undefined) continue;
      const here = { document, path: at, value, meaning: entry.meaning };
      const known = found.get(entry.name);
      if (known === undefined) found.set(entry.name, here);
      else if (known.document === document) problems.push(duplicate(known, here, entry.name, list.what));
      else if (known.meaning !== here.meaning) problems.push(disagreement(known, here, quoted(entry.name)));
    }
  }
  entries.set(renderFieldPath(path), found);
  return [...found.values()].map((entry) => entry.value);
}

function duplicate(first: Declaration, second: Declaration, name: string, what: string): Problem {
  const [a, b] = [first, second].map(({ document, path }) => {
    const named = [...path, 'name'];
    return `${document.whereIs(named)} (${describe(partAt(document.root, named)?.value)})`;
  });
  const message = `the ${what} ${quoted(name)} is declared twice, ${a} and ${b}; keep one of them`;
  return second.document.problem([...second.path, 'name'], message);
}

function disagreement(first: Declaration, second: Declaration, what: string): Problem {
  const { document, path } = first;
  const message = `two documents disagree about ${what}: ${document.placeOf(path)} has ${shown(first)}, ${second.document.placeOf(second.path)} has ${shown(second)}; make them equal or keep one`;
  return second.document.problem(second.path, message);
}

/** An entry as its differing parts, a single field as its value. */
function shown({ value }: Declaration): string {
  if (Array.isArray(value)) return plainText(JSON.stringify(value), 60);
  if (typeof value !== 'object' || value === null) return describe(value);
  return quoted(
    Object.entries(value)
      .filter(([key]) => key !== 'name')
      .map(([key, part]) => `${key}: ${typeof part === 'object' ? JSON.stringify(part) : String(part)}`)
      .join(', '),
  );
}
