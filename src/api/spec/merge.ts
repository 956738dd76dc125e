/**
 * Several documents (the main file and its drop-ins) become one source. Order gives no precedence:
 * documents that disagree are a mistake that names both places, because whoever wrote the one that
 * would lose could not know.
 */
import type { SpecDocument } from '../yaml/documents.ts';
import { InvalidNameError, type Problem } from '../yaml/errors.ts';
import { type FieldPath, renderFieldPath } from '../yaml/field-path.ts';
import { listAt } from './entry-rules.ts';
import { moduleFrom, sysctlFrom } from './expand.ts';
import { describe } from './issues.ts';
import { partAt } from '../yaml/located.ts';
import { ModuleSource, SysctlSource } from './nodeprep.ts';
import { QuantityError, parseQuantity } from '../names/quantity.ts';
import { quoted } from '../yaml/quote.ts';

/** The merged spec as plain data, and what the documents disagree about. */
export interface Merged {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly name: string | undefined;
  readonly problems: readonly Problem[];
  /** Where each kernel parameter is declared, by canonical name. */
  readonly sysctls: ReadonlyMap<string, Declaration>;
}

/** A declared entry or field with its place. */
export interface Declaration {
  readonly document: SpecDocument;
  readonly path: FieldPath;
  readonly value: unknown;
  /** Equal for two declarations that mean the same. */
  readonly meaning: string;
}

const SINGLE_FIELDS: readonly FieldPath[] = [
  ['metadata', 'name'],
  ['spec', 'profile'],
  ['spec', 'mode'],
  ['spec', 'areaModes', 'modules'],
  ['spec', 'areaModes', 'sysctls'],
  ['spec', 'areaModes', 'swap'],
  ['spec', 'deletionPolicy'],
  ['spec', 'bootstrap', 'onFailure'],
  ['spec', 'swap', 'behavior'],
  ['spec', 'swap', 'reserve'],
];

/** Merges documents. Tolerates invalid ones, whose own problems are reported elsewhere. */
export function mergeDocuments(documents: readonly SpecDocument[]): Merged {
  const problems: Problem[] = [];
  const merged: Record<string, unknown> = {};
  for (const path of SINGLE_FIELDS) {
    const value = singleValue(documents, path, problems);
    if (value !== undefined) setAt(merged, path, value);
  }
  const modules = mergedList(documents, 'modules', problems);
  const sysctls = mergedList(documents, 'sysctls', problems);
  const spec = (merged['spec'] ?? {}) as Record<string, unknown>;
  if (modules !== undefined) spec['modules'] = [...modules.values()].map((entry) => entry.value);
  if (sysctls !== undefined) spec['sysctls'] = [...sysctls.values()].map((entry) => entry.value);
  const name = (merged['metadata'] as { name?: unknown } | undefined)?.name;
  return { spec, name: typeof name === 'string' ? name : undefined, problems, sysctls: sysctls ?? new Map() };
}

function singleValue(documents: readonly SpecDocument[], path: FieldPath, problems: Problem[]): unknown {
  let first: Declaration | undefined;
  for (const document of documents) {
    const value = partAt(document.root, path)?.value;
    if (value === undefined || typeof value === 'object') continue;
    const here = { document, path, value, meaning: meaningOf(path, value) };
    first ??= here;
    if (first.meaning !== here.meaning) problems.push(disagreement(first, here, renderFieldPath(path)));
  }
  return first?.value;
}

/** `1Gi` and `1024Mi` are one reserve. */
function meaningOf(path: FieldPath, value: unknown): string {
  if (path.at(-1) !== 'reserve') return JSON.stringify(value);
  try {
    return String(parseQuantity(String(value)));
  } catch (error) {
    if (error instanceof QuantityError) return String(value);
    throw error;
  }
}

type ListName = 'modules' | 'sysctls';
const ENTRY_WORDS = { modules: 'kernel module', sysctls: 'kernel parameter' };

/** The entries of all documents by canonical name; `undefined` when no document has the list. */
function mergedList(
  documents: readonly SpecDocument[],
  list: ListName,
  problems: Problem[],
): Map<string, Declaration> | undefined {
  let entries: Map<string, Declaration> | undefined;
  for (const document of documents) {
    if (!Array.isArray(partAt(document.root, ['spec', list])?.value)) continue;
    entries ??= new Map();
    for (const path of listAt(document, ['spec', list])) {
      const value = partAt(document.root, path)?.value;
      const entry = entryFrom(list, value);
      if (entry === undefined) continue;
      const here = { document, path, value, meaning: meaningOfEntry(entry) };
      const known = entries.get(entry.name);
      if (known === undefined) entries.set(entry.name, here);
      else if (known.document === document) problems.push(duplicate(known, here, entry.name, ENTRY_WORDS[list]));
      else if (known.meaning !== here.meaning) problems.push(disagreement(known, here, quoted(entry.name)));
    }
  }
  return entries;
}

type Entry = ReturnType<typeof moduleFrom> | ReturnType<typeof sysctlFrom>;

/** The entry with defaults and its canonical name; `undefined` when it is not valid by itself. */
function entryFrom(list: ListName, value: unknown): Entry | undefined {
  const parsed = { modules: ModuleSource, sysctls: SysctlSource }[list].safeParse(value);
  if (!parsed.success) return undefined;
  try {
    return list === 'modules' ? moduleFrom(ModuleSource.parse(value)) : sysctlFrom(SysctlSource.parse(value));
  } catch (error) {
    if (error instanceof InvalidNameError) return undefined;
    throw error;
  }
}

function meaningOfEntry(entry: Entry): string {
  if (!('parameters' in entry)) return JSON.stringify({ ...entry, value: entry.value.replaceAll(/\s+/g, ' ') });
  const parameters = Object.entries(entry.parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ ...entry, parameters });
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
  if (typeof value !== 'object' || value === null) return describe(value);
  return quoted(
    Object.entries(value)
      .filter(([key]) => key !== 'name')
      .map(([key, part]) => `${key}: ${typeof part === 'object' ? JSON.stringify(part) : String(part)}`)
      .join(', '),
  );
}

function setAt(target: Record<string, unknown>, path: FieldPath, value: unknown): void {
  let object = target;
  for (const part of path.slice(0, -1)) {
    object[part] ??= {};
    object = object[part] as Record<string, unknown>;
  }
  object[path.at(-1) ?? ''] = value;
}
