/** One form for each value that can be written in two, so that server-side apply and comparisons see one value. */
import * as z from 'zod';

/** The data with `"10"` as `10` wherever the schema takes text or a number; both are the same to the host. */
export function canonicalNumbers(schema: unknown, value: unknown): unknown {
  const type = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (type instanceof z.ZodArray && Array.isArray(value))
    return value.map((one) => canonicalNumbers(type.element, one));
  if (type instanceof z.ZodUnion && typeof value === 'string') return takesNumbers(type) ? numberFrom(value) : value;
  const fieldOf = type instanceof z.ZodObject || type instanceof z.ZodRecord ? fieldsOf(type) : undefined;
  if (fieldOf === undefined || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, canonicalNumbers(fieldOf(key), part)]));
}

function fieldsOf(type: z.ZodObject | z.ZodRecord): (key: string) => unknown {
  if (type instanceof z.ZodRecord) return () => type.valueType;
  return (key) => (type.shape as Readonly<Record<string, unknown>>)[key];
}

function takesNumbers(type: z.ZodUnion): boolean {
  return type.options.some((option) => option instanceof z.ZodNumber);
}

/** Only what a number is written as: `010` and `1e3` are other texts, and longer numbers stay text. */
function numberFrom(text: string): string | number {
  const number = Number(text);
  return String(number) === text && Number.isInteger(number) && Math.abs(number) < 2 ** 31 ? number : text;
}
