/** Names that every object of JavaScript has already, in every place of everything that is read. */
import { describe, expect, it } from 'vitest';
import { loadObject } from '../../../../src/api/spec/load-object.ts';
import { parseLimits } from '../../../../src/api/spec/limits.ts';
import { loadSpec } from '../../../../src/api/spec/load.ts';
import { parseStatusFile } from '../../../../src/api/status/status.ts';
import { SpecInvalidError } from '../../../../src/api/yaml/errors.ts';
import { everyArea } from '../../../../src/areas/index.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { openLedger } from '../../../../src/reconcile/ledger/ledger.ts';
import { createEngine } from '../../../../src/reconcile/loop/engine.ts';
import { manage } from '../../../../src/reconcile/pass/pass.ts';
import { linuxWorld } from '../../../support/linux-world.ts';

const NAMES = ['__proto__', 'constructor', 'length', 'toString', 'valueOf', 'hasOwnProperty', 'then', 'toJSON'];
const HEAD = '"apiVersion": "nodeprep.dev/v1alpha1", "kind": "NodePrep"';

/** A document with something in each of its places, one at a time. */
const PLACES: readonly ((value: string) => string)[] = [
  (value) => `{${HEAD}, "spec": ${value}}`,
  (value) => `{${HEAD}, "metadata": ${value}, "spec": {}}`,
  (value) => `{${HEAD}, "metadata": {"name": ${value}, "labels": ${value}}, "spec": {}}`,
  ...['profile', 'mode', 'areaModes', 'deletionPolicy', 'bootstrap', 'approvedPlan', 'modules', 'sysctls', 'swap'].map(
    (field) => (value: string) => `{${HEAD}, "spec": {"${field}": ${value}}}`,
  ),
  (value) => `{${HEAD}, "spec": {"modules": [${value}]}}`,
  (value) => `{${HEAD}, "spec": {"modules": [{"name": ${value}, "optional": ${value}, "parameters": ${value}}]}}`,
  (value) => `{${HEAD}, "spec": {"modules": [{"name": "a", "parameters": {"b": ${value}}}]}}`,
  (value) => `{${HEAD}, "spec": {"sysctls": [${value}, ${value}]}}`,
  (value) =>
    `{${HEAD}, "spec": {"sysctls": [{"name": "a.b", "value": ${value}, "match": ${value}, "drift": ${value}}]}}`,
  (value) => `{${HEAD}, "spec": {"sysctls": [{"name": ${value}, "value": 1}]}}`,
  (value) => `{${HEAD}, "spec": {"swap": {"behavior": ${value}, "reserve": ${value}}}}`,
];

function isRefusedOrRead(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(SpecInvalidError);
    expect((error as Error).message).not.toContain('has a bug');
  }
}

describe.each(NAMES)('%s', (name) => {
  it('is no bug as a key or a value anywhere in a document, an object, limits or a status', () => {
    const values = [`"${name}"`, `["${name}"]`];
    for (const inner of ['{}', '[]', '1', '"x"', 'null', '{"toString": 1}', '-1']) values.push(`{"${name}": ${inner}}`);
    expect.hasAssertions();
    for (const place of PLACES) {
      for (const value of values) {
        const text = place(value);
        isRefusedOrRead(() => loadSpec([{ file: 'f', contents: text }]));
        isRefusedOrRead(() => parseLimits('l', text.replace('"NodePrep"', '"NodePrepLimits"')));
        isRefusedOrRead(() =>
          parseLimits('l', `{${HEAD.replace('"NodePrep"', '"NodePrepLimits"')}, "sysctls": ${value}}`),
        );
        isRefusedOrRead(() => loadObject(JSON.parse(text), 'nodepreps/w'));
        parseStatusFile(text.replace('"spec"', '"status"'));
        parseStatusFile(`{${HEAD}, "spec": {}, "status": {"conditions": ${value}, "areas": ${value}}}`);
      }
    }
  });

  it('stops no area as the name of an entry', async () => {
    const contents = `{${HEAD}, "spec": {"modules": [{"name": "${name}"}], "sysctls": [{"name": "net.${name}.x", "value": "1"}, {"name": "kernel.${name}", "value": "1"}]}}`;
    const { spec, source } = loadSpec([{ file: 'f', contents }]);
    const host = new MemoryHost(linuxWorld({ '/proc/sys/net/ipv4/ip_forward': '0\n' }));
    const now = () => new Date(0);
    const areas = everyArea(manage);
    const engine = createEngine({ host, areas, ledger: await openLedger(host, now), clock: () => 0, now });

    const { areas: reports } = await engine.round(
      { snapshot: { name: 'w', generation: 1, spec, source }, cause: 'start' },
      new AbortController().signal,
    );

    expect(JSON.stringify(reports)).not.toContain('has a bug');
    expect(reports.flatMap(({ entries }) => entries.map((entry) => entry.name))).toEqual(
      expect.arrayContaining([`net.${name}.x`, `kernel.${name}`]),
    );
  });
});

describe('a bug in what reads a document', () => {
  it('is a refusal that says so, and no end of the daemon', () => {
    const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);

    expect(() =>
      loadObject({ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', spec: deep }, 'nodepreps/w'),
    ).toThrow(SpecInvalidError);
  });
});
