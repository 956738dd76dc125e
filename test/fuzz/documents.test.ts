/** Whatever a document, an object of the API server or a record of ours says: it is read or refused, and nothing else. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadObject } from '../../src/api/spec/load-object.ts';
import { loadSpec } from '../../src/api/spec/load.ts';
import { parseLimits } from '../../src/api/spec/limits.ts';
import { toYaml } from '../../src/api/status/render.ts';
import { parseStatusFile } from '../../src/api/status/status.ts';
import { SpecInvalidError } from '../../src/api/yaml/errors.ts';
import { parseYaml } from '../../src/api/yaml/yaml.ts';
import { CLUSTER_RECORD_PATH, readClusterSpec } from '../../src/disk/cluster-record.ts';
import { LAST_GOOD_PATH, readLastGood } from '../../src/disk/file-spec-source.ts';
import { MemoryHost } from '../../src/host/memory/memory-host.ts';
import { createOwnNodeView } from '../../src/kubernetes/object/own-node.ts';
import { isOwnedByLocalFile, ownershipOf } from '../../src/kubernetes/object/ownership.ts';
import { valueAt, withoutFields } from '../../src/kubernetes/registration/refused-fields.ts';
import { storedCondition, taintRemoval } from '../../src/kubernetes/report/node-condition.ts';
import { gistOf, knownConditions } from '../../src/kubernetes/report/status-view.ts';
import { clusterSpecFrom } from '../../src/kubernetes/spec/object-spec.ts';
import { LEDGER_PATH, openLedger } from '../../src/reconcile/ledger/ledger.ts';
import { holds, mutated, textOf, type Tree, treeFrom } from '../support/fuzz.ts';
import { documentFrom, specSource } from '../support/spec-source.ts';

const document = specSource.map((source) => treeFrom(documentFrom(source)));

/** What was loaded; `undefined` when it was refused with words for a person. */
function loaded<T>(load: () => T): T | undefined {
  try {
    return load();
  } catch (error) {
    expect(error).toBeInstanceOf(SpecInvalidError);
    expect((error as SpecInvalidError).problems.length).toBeGreaterThan(0);
    expect((error as Error).message).not.toContain('has a bug');
    return undefined;
  }
}

test('files are loaded or refused, and what is loaded means the same when it is written out', async () => {
  const text = fc
    .tuple(mutated(document, true), fc.constantFrom('', '---\n', '\ufeff', '%YAML 1.1\n---\n'))
    .map(([tree, before]) => `${before}${textOf(tree)}`);
  await holds(0.2, text, (contents) => {
    const spec = loaded(() => loadSpec([{ file: 'f', contents }]));
    loaded(() => parseLimits('l', contents));
    if (spec === undefined) return;
    const again = loadSpec([{ file: 'g', contents: toYaml(documentFrom(spec.source)) }]);
    expect(again.source).toEqual(spec.source);
    expect(again.spec).toEqual(spec.spec);
  });
});

/** Parts of objects that the API server fills. */
const object = fc.tuple(document, mutated(document, false)).map(([own, other]): Tree => {
  const fields = 'fields' in own ? own.fields : [];
  const managed = {
    fields: [
      ['manager', other],
      ['fieldsV1', other],
      ['operation', other],
    ] as const,
  };
  const metadata = {
    fields: [
      ['uid', other],
      ['labels', other],
      ['managedFields', [managed, other]],
    ] as const,
  };
  const status = {
    fields: [
      ['conditions', [other, managed]],
      ['capacity', other],
    ] as const,
  };
  return { fields: [...fields, ['metadata', metadata], ['status', status]] };
});

test('objects of the API server are understood or refused', async () => {
  expect.hasAssertions();
  await holds(0.2, mutated(object, false), (tree) => {
    const value: unknown = JSON.parse(textOf(tree));
    loaded(() => loadObject(value, 'nodepreps/w'));
    valueAt(value, 'spec.sysctls[0].name');
    createOwnNodeView().saw(value);
    storedCondition(value);
    taintRemoval(value, { key: 'nodeprep.dev/not-ready' } as never);
    gistOf((value as { status?: unknown } | null)?.status);
    knownConditions((value as { status?: unknown } | null)?.status);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const { metadata } = value as { metadata?: unknown };
    const known = { ...value, metadata: typeof metadata === 'object' && metadata !== null ? metadata : {} } as never;
    isOwnedByLocalFile(known);
    ownershipOf(known);
    withoutFields(known, [{ path: 'spec.sysctls[0]', message: 'x' } as never]);
    const spec = clusterSpecFrom(known, 'nodepreps/w');
    if ('refused' in spec) expect(spec.refused).not.toContain('has a bug');
  });
});

const entry = { key: 'live:x', original: { state: 'value', value: '1' }, wrote: ['2'], since: 's', changed: 'c' };
const ledger = fc.constant(
  treeFrom({ kind: 'Ledger', version: 1, areas: { sysctls: { 'live:x': entry }, swap: { y: entry } } }),
);

test('every entry of a ledger is used or kept', async () => {
  const now = () => new Date(0);
  await holds(0.1, mutated(ledger, false), async (tree) => {
    const host = new MemoryHost({ [LEDGER_PATH]: textOf(tree) });
    const first = await openLedger(host, now);
    await first.remember('modules', [{ key: 'live:z', original: { state: 'absent' } }]);
    const written: unknown = JSON.parse(host.text(LEDGER_PATH) ?? '');
    const second = await openLedger(host, now);
    await second.forget('modules', ['live:z']);

    // As JSON, in which a number that is too large is none.
    expect(JSON.stringify([...second.memory('sysctls')])).toBe(JSON.stringify([...first.memory('sysctls')]));
    expect(JSON.parse(host.text(LEDGER_PATH) ?? '').unreadable).toEqual(
      (written as { unreadable?: unknown }).unreadable,
    );
  });
});

test('other records are used or passed over', async () => {
  expect.hasAssertions();
  const record = fc
    .tuple(fc.constantFrom('LastGoodSpec', 'ClusterSpec', 'NodePrep'), specSource)
    .map(([kind, source]) =>
      treeFrom({ kind, version: 1, generation: 1, name: 'w', node: 'w', source, object: { isDeleted: false, source } }),
    );
  await holds(0.1, mutated(record, false), async (tree) => {
    const text = textOf(tree);
    const host = new MemoryHost({ [LAST_GOOD_PATH]: text, [CLUSTER_RECORD_PATH]: text });
    await readLastGood(host);
    await readClusterSpec(host);
    parseStatusFile(text);
  });
});

test('YAML of other programs is understood or said not to be', async () => {
  await holds(0.05, mutated(document, true), (tree) => {
    const parsed = parseYaml(textOf(tree));
    expect('problem' in parsed ? parsed.problem : '').toEqual(expect.any(String));
  });
});
