import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { structuralFrom } from '../../../../scripts/crd/structural.ts';

describe('a structural schema', () => {
  it('keeps types, limits and descriptions, and shows examples in the description', () => {
    const schema = z.strictObject({
      name: z
        .string()
        .min(1)
        .max(5)
        .meta({ examples: ['a', 'b'] })
        .describe('A name.'),
      list: z
        .array(z.enum(['A', 'B']))
        .max(3)
        .optional()
        .describe('Words.'),
    });

    expect(structuralFrom(schema, {})).toEqual({
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', minLength: 1, maxLength: 5, description: 'A name. For example a, b.' },
        list: {
          type: 'array',
          maxItems: 3,
          'x-kubernetes-list-type': 'atomic',
          description: 'Words.',
          items: { type: 'string', enum: ['A', 'B'] },
        },
      },
    });
  });

  it('has no defaults, and no keyword for fields that it does not know', () => {
    const schema = z.strictObject({ mode: z.string().optional().meta({ default: 'x' }) });

    expect(structuralFrom(schema, {})).toEqual({ type: 'object', properties: { mode: { type: 'string' } } });
  });

  it('says text or whole number in the words of Kubernetes', () => {
    const schema = z.strictObject({ value: z.union([z.string().max(9), z.int().min(0)]) });

    expect(structuralFrom(schema, {}).properties?.['value']).toEqual({
      'x-kubernetes-int-or-string': true,
      maxLength: 9,
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
    });
  });

  it('takes extensions for every part of a path, also inside of lists and maps', () => {
    const schema = z.strictObject({ list: z.array(z.strictObject({ map: z.record(z.string(), z.string()) })) });
    const extensions = { 'list[].map.*': { pattern: '^a$' }, 'list[]': { anyOf: [] } };

    expect(structuralFrom(schema, extensions).properties?.['list']).toMatchObject({
      items: { anyOf: [], properties: { map: { additionalProperties: { type: 'string', pattern: '^a$' } } } },
    });
  });

  it.each([
    ['a union of more than text and number', z.union([z.string(), z.boolean()]), 'needs one type'],
    ['any value', z.unknown(), 'needs one type'],
    ['a loose object', z.looseObject({}), 'has no others'],
    ['a pair', z.tuple([z.string(), z.int()]), 'prefixItems'],
    ['something that nothing satisfies', z.never(), 'not'],
  ])('is refused for what it cannot say: %s', (_, part, message) => {
    expect(() => structuralFrom(z.strictObject({ part }), {})).toThrow(message);
  });

  it('is refused when an extension has no field, which a renamed field would otherwise lose', () => {
    expect(() => structuralFrom(z.strictObject({ a: z.string() }), { b: {} })).toThrow('extensions of b');
  });
});
