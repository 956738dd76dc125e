/** The largest object that the definition lets in fits into etcd, with room for those who wrote it. */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { nodePrepCrd } from '../../../../scripts/crd/crd.ts';
import type { Structural } from '../../../../scripts/crd/structural.ts';
import { MAX_STATUS_BYTES } from '../../../../src/kubernetes/report/status-view.ts';

/** `--max-request-bytes` of etcd. */
const ETCD_BYTES = 1.5 * 1024 * 1024;

/** A text of the largest length; `at` keeps names apart. */
const text = (length: number, at = 0) => String(at).padEnd(length, 'x').slice(0, length);

/** The largest value of a schema, as one could apply it. */
function largest(schema: Structural, at = 0): unknown {
  const limit = (keyword: string) => Number(schema[keyword] ?? 0);
  if (Array.isArray(schema['enum'])) return (schema['enum'] as string[]).toSorted((a, b) => b.length - a.length)[0];
  if (schema.type === 'boolean') return false;
  if (schema.type === 'integer') return 2 ** 53;
  if (schema.items !== undefined) {
    const { items } = schema;
    return Array.from({ length: limit('maxItems') }, (_, index) => largest(items, index));
  }
  if (schema.additionalProperties !== undefined) {
    const { additionalProperties: values } = schema;
    // The longest name that the rule allows.
    return Object.fromEntries(
      Array.from({ length: limit('maxProperties') }, (_, index) => [text(64, index), largest(values)]),
    );
  }
  if (schema.properties !== undefined)
    return Object.fromEntries(Object.entries(schema.properties).map(([name, part]) => [name, largest(part, at)]));
  return text(limit('maxLength'), at);
}

/** What the API server notes of one manager that applied all of it. */
function managedFields(value: unknown): unknown {
  if (Array.isArray(value)) {
    return Object.fromEntries(
      value.map((item) => {
        const { name } = item as { readonly name: string };
        return [`k:${JSON.stringify({ name })}`, { '.': {}, ...(managedFields(item) as object) }];
      }),
    );
  }
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [`f:${key}`, managedFields(part)]));
}

test('the largest spec, its two managers and the largest status fit into etcd', () => {
  const crd = parse(nodePrepCrd()) as {
    spec: { versions: readonly { schema: { openAPIV3Schema: { properties: { spec: Structural } } } }[] };
  };
  const schema = crd.spec.versions[0]?.schema.openAPIV3Schema.properties.spec ?? {};
  const spec = largest(schema);
  const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

  const sum = bytes(spec) + 2 * bytes(managedFields(spec)) + MAX_STATUS_BYTES;

  expect(bytes(spec)).toBeGreaterThan(100_000);
  expect(sum).toBeLessThan(ETCD_BYTES);
});
