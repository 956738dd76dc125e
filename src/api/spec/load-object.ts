/**
 * The way from an object of the API server to a spec: the same rules and words as for files, but
 * fields that this release does not know are left out and named instead of refused, because a newer
 * release wrote them and its agents understand them.
 */
import * as z from 'zod';
import type { SpecDocument } from '../yaml/documents.ts';
import { refusing } from '../yaml/errors.ts';
import { type FieldPath, renderFieldPath } from '../yaml/field-path.ts';
import { type LoadedSpec, specFrom } from './load.ts';
import { type Located, setField } from '../yaml/located.ts';
import { renamedField } from './earlier-builds.ts';
import { NodePrepSpecSource } from './nodeprep.ts';
import { isMapping } from '../yaml/words.ts';

/** A spec that can be enforced, and what of the object was left out. */
export interface LoadedObject extends LoadedSpec {
  /** Paths of the fields that this release does not know, such as `spec.firewall`. */
  readonly ignored: readonly string[];
}

/**
 * Checks and expands an object. `called` is what messages call it, such as `nodepreps/worker-1`.
 * Throws `SpecInvalidError` and nothing else.
 */
export function loadObject(object: unknown, called: string): LoadedObject {
  const ignored: string[] = [];
  return refusing(called, () => {
    const document = documentFrom(object, called, (path) => ignored.push(renderFieldPath(path)));
    return { ...specFrom([document], [], { names: [called] }), ignored };
  });
}

function documentFrom(object: unknown, called: string, onUnknown: (path: FieldPath) => void): SpecDocument {
  return {
    file: called,
    root: rootFrom(object, onUnknown),
    placeOf: renderFieldPath,
    whereIs: (path) => `as ${renderFieldPath(path)}`,
    isEmpty: () => false,
    problem: (path, message) => ({ file: called, line: 0, column: 0, path: renderFieldPath(path), message }),
  };
}

/** Of the object only what a file could say; managed fields, status and the like are the API server's. */
function rootFrom(object: unknown, onUnknown: (path: FieldPath) => void): Located {
  if (!isMapping(object)) return located(object, undefined, [], onUnknown);
  const { apiVersion, kind, metadata, spec } = object;
  const name = isMapping(metadata) ? metadata['name'] : undefined;
  const parts: [string, Located][] = [
    ['apiVersion', located(apiVersion, undefined, ['apiVersion'], onUnknown)],
    ['kind', located(kind, undefined, ['kind'], onUnknown)],
    ['metadata', mapping([['name', located(name, undefined, ['metadata', 'name'], onUnknown)]])],
    ['spec', located(spec, NodePrepSpecSource, ['spec'], onUnknown)],
  ];
  return mapping(parts);
}

/** Walks value and schema together, so that nothing deeper than the schema is ever built. */
function located(value: unknown, schema: unknown, path: FieldPath, onUnknown: (path: FieldPath) => void): Located {
  const type = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (Array.isArray(value)) {
    const element = type instanceof z.ZodArray ? type.element : undefined;
    const items = value.map((item, index) => located(item, element, [...path, index], onUnknown));
    return { value: items.map((item) => item.value), at: 0, children: new Map(items.entries()) };
  }
  if (!isMapping(value)) return { value, at: 0, children: new Map() };
  if (type instanceof z.ZodRecord) {
    return mapping(
      Object.entries(value).map(([key, part]) => [key, located(part, undefined, [...path, key], onUnknown)]),
    );
  }
  const shape = type instanceof z.ZodObject ? (type.shape as Readonly<Record<string, unknown>>) : {};
  const parts: [string, Located][] = [];
  for (const [key, part] of Object.entries(value)) {
    if (Object.hasOwn(shape, key)) parts.push([key, located(part, shape[key], [...path, key], onUnknown)]);
    // Written by an older release, not a newer one: its meaning must not be lost.
    else if (renamedField(key, part, Object.keys(shape)) !== undefined)
      parts.push([key, located(part, undefined, [...path, key], onUnknown)]);
    else if (type !== undefined) onUnknown([...path, key]);
  }
  return mapping(parts);
}

/** Absent parts are left out; the value has no prototype, so that no key can mean something to JavaScript. */
function mapping(parts: readonly (readonly [string, Located])[]): Located {
  const present = parts.filter(([, part]) => part.value !== undefined && part.value !== null);
  const value = Object.create(null) as Record<string, unknown>;
  for (const [key, part] of present) setField(value, key, part);
  return { value, at: 0, children: new Map(present) };
}
