/**
 * From a zod schema to a structural schema of Kubernetes, which is a small part of OpenAPI: no
 * references, one type for every field, no keyword that a server would drop or refuse. What cannot
 * be said that way is an error here, not a surprise in a cluster.
 */
import { z } from 'zod';
import { isNamedList } from '../../src/api/parts/merging.ts';

/** A node of a structural schema. */
export interface Structural {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Structural>>;
  readonly items?: Structural;
  readonly additionalProperties?: Structural;
  readonly [keyword: string]: unknown;
}

/** Keywords added to a node, by path: `spec.sysctls[].name`; a map's values are `spec.modules[].parameters.*`. */
export type Extensions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

type Json = Readonly<Record<string, unknown>>;

const MAP_BY_NAME = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };

/** Keywords that mean the same in a structural schema. */
const KEPT = [
  'enum',
  'required',
  'pattern',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'format',
  ...Object.keys(MAP_BY_NAME),
];
/** Keywords that only documents for people use; a default is text in the description, not a value that the server writes. */
const DROPPED = ['default', 'examples', '$schema', 'propertyNames'];

/** The structural schema of a zod schema. Throws when there is none, and when an extension has no place. */
export function structuralFrom(schema: z.ZodType, extensions: Extensions): Structural {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    reused: 'inline',
    cycles: 'throw',
    unrepresentable: 'throw',
    // The server merges a list as files are merged: by name, or as one value.
    override: ({ zodSchema, jsonSchema }) => {
      if (isNamedList(zodSchema)) Object.assign(jsonSchema, MAP_BY_NAME);
    },
  });
  const used = new Set<string>();
  const structural = converted(json, '', (path) => {
    used.add(path);
    return extensions[path] ?? {};
  });
  const lost = Object.keys(extensions).filter((path) => !used.has(path));
  if (lost.length > 0) throw new Error(`No field for the extensions of ${lost.join(', ')}`);
  return structural;
}

function converted(json: Json, path: string, extensionsOf: (path: string) => Json): Structural {
  const { anyOf, type, description, properties, items, additionalProperties, const: constant, ...rest } = json;
  const foreign = Object.keys(rest).filter((keyword) => !KEPT.includes(keyword) && !DROPPED.includes(keyword));
  if (foreign.length > 0) throw new Error(`${path}: a structural schema cannot say ${foreign.join(', ')}`);
  const kept = Object.fromEntries(Object.entries(rest).filter(([keyword]) => KEPT.includes(keyword)));
  const extensions = extensionsOf(path);
  const common = {
    ...(typeof description === 'string' ? { description: described(description, json['examples']) } : {}),
    ...kept,
  };
  if (anyOf !== undefined) return { ...common, ...intOrString(anyOf as readonly Json[], path), ...extensions };
  if (constant !== undefined) return { ...common, type: 'string', enum: [constant], ...extensions };
  if (properties !== undefined && typeof additionalProperties === 'object')
    throw new Error(`${path}: a structural schema with known fields has no others`);
  if (typeof type !== 'string') throw new Error(`${path}: a structural schema needs one type`);

  const child = (name: string) => (path === '' ? name : `${path}.${name}`);
  return {
    ...common,
    // A list is one value unless something tells its entries apart.
    ...(type === 'array' && kept['x-kubernetes-list-type'] === undefined ? { 'x-kubernetes-list-type': 'atomic' } : {}),
    ...extensions,
    type,
    ...(type === 'integer' ? { format: 'int64' } : {}),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties as Json).map(([name, part]) => [
              name,
              converted(part as Json, child(name), extensionsOf),
            ]),
          ),
        }),
    ...(items === undefined ? {} : { items: converted(items as Json, `${path}[]`, extensionsOf) }),
    // A schema of known fields needs no keyword: the server prunes, or refuses, all others.
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: converted(additionalProperties as Json, child('*'), extensionsOf) }
      : {}),
  };
}

/** The only union that a structural schema has. The anyOf that often stands beside the keyword adds nothing but errors. */
function intOrString(branches: readonly Json[], path: string): Structural {
  const [text, number] = ['string', 'integer'].map((type) => branches.find((branch) => branch['type'] === type));
  if (branches.length !== 2 || text === undefined || number === undefined)
    throw new Error(`${path}: of unions, a structural schema has text or whole number only`);
  const limits = { ...text, ...number, type: undefined };
  return {
    ...Object.fromEntries(Object.entries(limits).filter(([keyword]) => KEPT.includes(keyword))),
    'x-kubernetes-int-or-string': true,
  };
}

/** kubectl explain shows descriptions only, so examples go in there. */
function described(description: string, examples: unknown): string {
  const texts = (Array.isArray(examples) ? examples : []).filter((one) => typeof one !== 'object').map(String);
  return texts.length === 0 ? description : `${description} For example ${texts.join(', ')}.`;
}
