/** What zod found wrong, in the words of a person who writes a spec. */
import * as z from 'zod';
import type { SpecDocument } from '../yaml/documents.ts';
import type { Problem } from '../yaml/errors.ts';
import type { FieldPath } from '../yaml/field-path.ts';
import { type Located, partAt } from '../yaml/located.ts';
import { didYouMean, nearest } from '../yaml/nearest.ts';
import { renamedField } from './earlier-builds.ts';
import { NodePrepDocument, NodePrepSpecSource } from './nodeprep.ts';
import { listHint, mappingHint } from './hints.ts';
import { AREA_NAMES, partOf } from '../parts/parts.ts';
import { quoted } from '../yaml/quote.ts';
import { describe, listed, quoteHint } from '../yaml/words.ts';

type Issue = z.core.$ZodIssue;

/** The problems that one issue of `schema` stands for; unknown fields are one problem each. */
export function problemsFromIssue(
  document: SpecDocument,
  issue: Issue,
  schema: z.ZodObject = NodePrepDocument,
): Problem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const meant = nearest(key, fieldsAt(schema, path));
      const problem = document.problem([...path, key], unknownField(document, schema, path, key), 'key');
      return { ...problem, ...(meant === undefined ? {} : { meant }) };
    });
  }
  const isMissing = partAt(document.root, path) === undefined && !document.isEmpty(path);
  const problem = document.problem(path, messageFrom(document, schema, path, issue));
  return [{ ...problem, ...(isMissing ? { missing: true } : {}) }];
}

function messageFrom(document: SpecDocument, schema: z.ZodObject, path: FieldPath, issue: Issue): string {
  const part = partAt(document.root, path);
  if (part === undefined && document.isEmpty(path))
    return `has no value; expected ${expectation(issue)}${emptyHint(path)}`;
  if (part === undefined) return `is missing; expected ${expectation(issue)}`;
  const { value, written } = part;
  const found = `found ${describe(value, written)}`;
  if (issue.code === 'invalid_value') {
    return `expected ${listed(issue.values.map(String))}, ${found}${valueHint(value, issue.values.map(String))}`;
  }
  if (issue.code === 'invalid_key') return `${quoted(String(path.at(-1)))} is too long for a name`;
  if (issue.code === 'too_big' || issue.code === 'too_small') {
    if (issue.origin === 'int' || issue.origin === 'number')
      return `${found}: too large for a number, ${quoteHint(value, written)}`;
    if (issue.origin === 'array') return `has ${(value as unknown[]).length} entries; ${limit(issue)} are possible`;
    if (value === '') return 'is empty; expected text';
    return `${found}; expected text of ${limit(issue)} characters`;
  }
  return `expected ${expectation(issue)}, ${found}${typeHint(issue, part, path, fieldsAt(schema, path))}`;
}

/** Fields that are not indented end up beside the one that they belong to. */
function emptyHint(path: FieldPath): string {
  return path.length === 1 && path[0] === 'spec' ? ' indented below it, or "spec: {}" if nothing is to be managed' : '';
}

function limit(issue: Extract<Issue, { code: 'too_big' | 'too_small' }>): string {
  return issue.code === 'too_big' ? `at most ${issue.maximum}` : `at least ${issue.minimum}`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping of fields',
  record: 'a mapping of names to values',
  array: 'a list',
};

/** `text or a whole number` for the type or the alternatives that would have been right. */
function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type') return TYPE_WORDS[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') return listed(issue.values.map(String));
  if (issue.code === 'invalid_union') {
    const words = issue.errors.map((alternative) => (alternative[0] === undefined ? '' : expectation(alternative[0])));
    return listed([...new Set(words)].filter((word) => word !== ''));
  }
  if (issue.code === 'too_big' || issue.code === 'too_small') return TYPE_WORDS[issue.origin] ?? 'another value';
  // The message of a pattern says what it stands for.
  if (issue.code === 'invalid_format') return issue.message;
  return 'another value';
}

/** What to write instead, for the mistakes that people make. */
function typeHint(issue: Issue, part: Located, path: FieldPath, fields: readonly string[]): string {
  const { value, written } = part;
  if (issue.code === 'invalid_union') {
    if (typeof value === 'boolean' && path.at(-1) === 'value')
      return `; a switch of the kernel is ${value ? 1 : 0}, a word is written in quotes`;
    if (Array.isArray(value)) return '; write it as one text';
  }
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  if (isPlain && expectation(issue).includes('text')) return `; ${quoteHint(value, written)}`;
  if (issue.code !== 'invalid_type') return '';
  if (issue.expected === 'boolean' && typeof value === 'string') return '; write it without quotes';
  if (issue.expected === 'array') return listHint(part, path);
  if (issue.expected === 'object' && Array.isArray(value)) return '; leave out the dashes';
  const hint = typeof value === 'string' ? mappingHint(value, path, fields) : '';
  if (hint !== '') return hint;
  const area = path.length === 2 ? AREA_NAMES.find((name) => name === path[1]) : undefined;
  const instead = area === undefined ? undefined : partOf(area).instead;
  return instead === undefined || value === null ? '' : `; ${instead}`;
}

/** Words that mean "no swap" to everybody but are not in the vocabulary. */
function valueHint(value: unknown, allowed: readonly string[]): string {
  const word = typeof value === 'string' ? value : JSON.stringify(value);
  if (allowed.includes('Disabled') && /^(?:off|no|none|false|disable)$/i.test(word))
    return ' (did you mean "Disabled"?)';
  return didYouMean(word, allowed);
}

function unknownField(document: SpecDocument, schema: z.ZodObject, path: FieldPath, key: string): string {
  const known = fieldsAt(schema, path);
  const renamed = renamedField(key, partAt(document.root, [...path, key])?.value, known);
  if (renamed !== undefined) return `the field ${quoted(key)} is "optional" now; ${renamed}`;
  const near = nearest(key, known);
  const inside = Object.keys(NodePrepSpecSource.shape);
  let hint = `; known fields are ${known.join(', ')}`;
  if (near !== undefined) hint = ` (did you mean "${near}"?)`;
  else if (path.length === 0 && schema === NodePrepDocument && inside.includes(key))
    hint = ` here (did you mean "spec.${key}"?); indent it below "spec:"`;
  return `unknown field ${quoted(key)}${hint}`;
}

/** Names of the fields that the schema has at a path. */
function fieldsAt(document: z.ZodObject, path: FieldPath): string[] {
  let schema: unknown = document;
  for (const part of path) {
    schema = unwrapped(schema);
    if (schema instanceof z.ZodArray) schema = schema.element;
    else if (schema instanceof z.ZodObject) schema = (schema.shape as Record<string, unknown>)[part];
  }
  schema = unwrapped(schema);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? schema.unwrap() : schema;
}
