/** What must hold for every field of the definition, also for those that come later. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { nodePrepCrd } from '../../../../scripts/crd/crd.ts';
import type { Structural } from '../../../../scripts/crd/structural.ts';
import { NodePrepStatusFile } from '../../../../src/api/status/status.ts';

const [version] = parse(nodePrepCrd()).spec.versions;
const schema = version.schema.openAPIV3Schema as Structural;

/** Every node below `spec` and `status` with its path. */
function nodes(node: Structural, path: string): readonly (readonly [string, Structural])[] {
  const children = [
    ...Object.entries(node.properties ?? {}).map(([name, child]) => [`${path}.${name}`, child] as const),
    ...(node.items === undefined ? [] : [[`${path}[]`, node.items] as const]),
    ...(node.additionalProperties === undefined ? [] : [[`${path}.*`, node.additionalProperties] as const]),
  ];
  return [[path, node], ...children.flatMap(([at, child]) => nodes(child, at))];
}
const ALL = ['spec', 'status'].flatMap((part) => nodes(schema.properties?.[part] ?? {}, part));
const where = (isSo: (node: Structural, path: string) => boolean) =>
  ALL.filter(([path, node]) => isSo(node, path)).map(([path]) => path);

describe('every field of the definition', () => {
  it('is found by these tests', () => {
    expect(ALL.length).toBeGreaterThan(40);
    expect(ALL.map(([path]) => path)).toContain('status.areas[].differing[].expected');
  });

  it('says what it means', () => {
    expect(where((node, path) => node.description === undefined && !/(\[\]|\.\*)$/.test(path))).toEqual([]);
  });

  it('is bounded, so that the cost of rules and the size of objects are', () => {
    expect(where((node) => node.type === 'array' && node['maxItems'] === undefined)).toEqual([]);
    expect(where((node) => node.additionalProperties !== undefined && node['maxProperties'] === undefined)).toEqual([]);
    const isText = (node: Structural) => node.type === 'string' || node['x-kubernetes-int-or-string'] === true;
    expect(
      where(
        (node) =>
          isText(node) && node['format'] === undefined && node['maxLength'] === undefined && node['enum'] === undefined,
      ),
    ).toEqual([]);
  });

  it('has no default, which the server would write into objects of people', () => {
    expect(where((node) => 'default' in node)).toEqual([]);
  });

  it('is a list that says how it is merged', () => {
    expect(where((node) => node.type === 'array' && node['x-kubernetes-list-type'] === undefined)).toEqual([]);
  });

  it('of the status is there for everything that an agent writes', () => {
    const written = NodePrepStatusFile.shape.status.shape;

    expect(Object.keys(schema.properties?.['status']?.properties ?? {}).toSorted()).toEqual(
      Object.keys(written).toSorted(),
    );
    expect(Object.keys(schema.properties?.['status']?.properties?.['node']?.properties ?? {}).toSorted()).toEqual(
      Object.keys(written.node.unwrap().shape).toSorted(),
    );
  });
});
