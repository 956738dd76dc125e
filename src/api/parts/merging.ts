/** How values of several documents become one, where that needs more than the type of the schema. */
import * as z from 'zod';
import { InvalidNameError } from '../yaml/errors.ts';

/** A list whose entries are merged by name. */
export interface NamedList {
  /** What messages call an entry: `kernel module`. */
  readonly what: string;
  /** Canonical name and meaning of an entry; `undefined` when it is not valid by itself. */
  readonly read: (entry: unknown) => { readonly name: string; readonly meaning: string } | undefined;
}

const LISTS = z.registry<NamedList>();
const MEANINGS = z.registry<{ readonly meaningOf: (value: unknown) => string }>();

/** Lets entries with the same canonical name be one, in files and in the API server; they have a field `name`. */
export function mergedByName<Entry extends z.ZodType<{ name: string }>, Expanded extends { readonly name: string }>(
  list: z.ZodArray<Entry>,
  by: {
    readonly what: string;
    /** May throw `InvalidNameError`. */
    readonly expand: (entry: z.infer<Entry>) => Expanded;
    /** The entry as far as it matters, when two that differ as data can mean the same. */
    readonly meaningOf?: (entry: Expanded) => unknown;
  },
): z.ZodArray<Entry> {
  const read: NamedList['read'] = (value) => {
    const parsed = list.element.safeParse(value);
    if (!parsed.success) return undefined;
    try {
      const entry = by.expand(parsed.data);
      return { name: entry.name, meaning: JSON.stringify(by.meaningOf?.(entry) ?? entry) };
    } catch (error) {
      if (error instanceof InvalidNameError) return undefined;
      throw error;
    }
  };
  return list.register(LISTS, { what: by.what, read });
}

/** Lets two spellings of a value be one, such as `1Gi` and `1024Mi`. */
export function equalBy<Schema extends z.ZodType>(
  schema: Schema,
  meaningOf: (value: z.infer<Schema>) => string,
): Schema {
  // The registry cannot know the type of each schema; only values that it accepts are asked for.
  MEANINGS.add(schema, { meaningOf: meaningOf as (value: unknown) => string });
  return schema;
}

/** How the list is merged by name; `undefined` when it is one value. */
export function namedList(schema: z.ZodType): NamedList | undefined {
  return LISTS.get(schema);
}

/** Whether entries of the list are merged by name. */
export function isNamedList(schema: z.core.$ZodType): boolean {
  return LISTS.has(schema);
}

/** What a valid value means. */
export function meaningOf(schema: z.ZodType, value: unknown): string {
  return MEANINGS.get(schema)?.meaningOf(value) ?? JSON.stringify(value);
}
