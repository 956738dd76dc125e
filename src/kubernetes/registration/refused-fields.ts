/**
 * What server-side apply refuses because another manager owns it: read from the causes of the
 * conflict, and taken out of the document, so that the rest of it is applied all the same. Pure.
 */
import type { ApiError } from '../client.ts';
import type { RefusedField } from '../ports.ts';

/** The fields of a conflict; empty when the error is none. */
export function refusedFieldsFrom(error: ApiError): readonly RefusedField[] {
  if (error.code !== 409) return [];
  return error.causes
    .filter((cause) => cause.reason === undefined || cause.reason === 'FieldManagerConflict')
    .flatMap(({ field, message }) => (field === undefined ? [] : [{ field, manager: managerFrom(message ?? '') }]));
}

/** `conflict with "kubectl-edit" using nodeprep.dev/v1alpha1 at 2026-01-01T00:00:00Z`. */
function managerFrom(message: string): string {
  return /conflict with "((?:[^"\\]|\\.)*)"/.exec(message)?.[1] ?? 'another field manager';
}

/** One sentence for the condition: which fields, and which managers own them. */
export function refusalMessage(fields: readonly RefusedField[], what: string): string {
  const shown = fields.slice(0, 5).map(({ field, manager }) => `${field.replace(/^\./, '')} (${manager})`);
  const more = fields.length > shown.length ? ` and ${fields.length - shown.length} more` : '';
  return (
    `The cluster keeps its own value of what ${what} declares otherwise: ${shown.join(', ')}${more}. ` +
    'Make both values equal, or give the field up on one side.'
  );
}

type Step = { readonly field: string } | { readonly key: Readonly<Record<string, unknown>> };

/**
 * The document without the refused fields; `undefined` when one of them is not found in it, because
 * then nothing is known about what was refused.
 */
export function withoutFields(document: object, fields: readonly RefusedField[]): object | undefined {
  const copy = structuredClone(document);
  for (const { field } of fields) {
    const steps = stepsFrom(field);
    if (steps === undefined || !remove(copy, steps)) return undefined;
  }
  return copy;
}

/** `.spec.sysctls[name="a.b"].value` as steps; `undefined` for what is not such a path. */
function stepsFrom(path: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let rest = path;
  while (rest !== '') {
    const name = /^\.([^.[\]]+)/.exec(rest);
    const key = /^\[((?:[^\]"]|"(?:[^"\\]|\\.)*")*)\]/.exec(rest);
    const [whole, part] = name ?? key ?? [];
    if (whole === undefined || part === undefined) return undefined;
    const keys = name === null ? keyFrom(part) : undefined;
    if (name === null && keys === undefined) return undefined;
    steps.push(keys === undefined ? { field: part } : { key: keys });
    rest = rest.slice(whole.length);
  }
  return steps.length === 0 ? undefined : steps;
}

/** `name="a",kind="b"` as an object. */
function keyFrom(text: string): Record<string, unknown> | undefined {
  const keys: Record<string, unknown> = {};
  for (const [, name, value] of text.matchAll(/([^=,]+)=("(?:[^"\\]|\\.)*"|[^,]*)/g)) {
    if (name === undefined || value === undefined) return undefined;
    try {
      keys[name.trim()] = JSON.parse(value) as unknown;
    } catch {
      return undefined;
    }
  }
  return Object.keys(keys).length === 0 ? undefined : keys;
}

function remove(root: unknown, steps: readonly Step[]): boolean {
  let parent: unknown = root;
  for (const step of steps.slice(0, -1)) parent = childOf(parent, step);
  const last = steps.at(-1);
  if (last === undefined || typeof parent !== 'object' || parent === null) return false;
  if ('key' in last) {
    if (!Array.isArray(parent)) return false;
    const at = parent.findIndex((item) => hasKey(item, last.key));
    if (at === -1) return false;
    parent.splice(at, 1);
    return true;
  }
  if (!Object.hasOwn(parent, last.field)) return false;
  delete (parent as Record<string, unknown>)[last.field];
  return true;
}

/** The value at such a path; `undefined` when there is none. */
export function valueAt(document: unknown, path: string): unknown {
  return stepsFrom(path)?.reduce(childOf, document);
}

function childOf(parent: unknown, step: Step): unknown {
  if ('key' in step) return Array.isArray(parent) ? parent.find((item) => hasKey(item, step.key)) : undefined;
  const isMapping = typeof parent === 'object' && parent !== null && Object.hasOwn(parent, step.field);
  return isMapping ? (parent as Record<string, unknown>)[step.field] : undefined;
}

function hasKey(item: unknown, key: Readonly<Record<string, unknown>>): boolean {
  if (typeof item !== 'object' || item === null) return false;
  return Object.entries(key).every(([name, value]) => (item as Record<string, unknown>)[name] === value);
}
