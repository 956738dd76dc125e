import { describe, expect, it } from 'vitest';
import { SpecInvalidError } from '../../../../src/api/yaml/errors.ts';
import { loadSpec } from '../../../../src/api/spec/load.ts';
import { loadObject } from '../../../../src/api/spec/load-object.ts';

const CALLED = 'nodepreps/worker-1';
const object = (spec: unknown, more: object = {}) => ({
  apiVersion: 'nodeprep.dev/v1alpha1',
  kind: 'NodePrep',
  metadata: { name: 'worker-1', uid: 'u', managedFields: [{ manager: 'kubectl' }], labels: { a: 'b' } },
  spec,
  status: { observedGeneration: 3 },
  ...more,
});

function problemsOf(value: unknown): string[] {
  try {
    loadObject(value, CALLED);
    return [];
  } catch (error) {
    if (error instanceof SpecInvalidError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
}

describe('an object of the API server', () => {
  it('means the same as the document in a file', () => {
    const spec = {
      profile: 'kubeadm-worker',
      modules: [{ name: 'nf-conntrack', parameters: { hashsize: 262144, acct: 1 } }],
      sysctls: [{ name: 'net/ipv4/ip_forward', value: 1 }],
      swap: { behavior: 'Disabled', reserve: '1Gi' },
    };
    const file = loadSpec([{ file: 'a.yaml', contents: JSON.stringify(object(spec)) }]);

    expect(loadObject(object(spec), CALLED)).toEqual({ ...file, ignored: [] });
  });

  it('keeps its known fields and names the ones that a newer release added', () => {
    const loaded = loadObject(
      object({
        mode: 'Audit',
        firewall: { rules: [{ port: 1 }] },
        sysctls: [{ name: 'vm.swappiness', value: '1', owner: 'x' }],
        swap: { behavior: 'Disabled', devices: [] },
      }),
      CALLED,
    );

    expect(loaded.ignored).toEqual(['spec.firewall', 'spec.sysctls[0].owner', 'spec.swap.devices']);
    expect(loaded.source).toEqual({
      mode: 'Audit',
      sysctls: [{ name: 'vm.swappiness', value: 1 }],
      swap: { behavior: 'Disabled' },
    });
  });

  it('is refused in the words of a file, with paths instead of lines', () => {
    expect(
      problemsOf(object({ mode: 'Shadow', sysctls: [{ name: 'kernel.sysrq', value: 1 }, { name: 'a.b' }] })),
    ).toEqual([
      'spec.mode: expected Enforce, Audit or Paused, found "Shadow"',
      expect.stringMatching(/^spec\.sysctls\[1\]\.value: is missing/),
      expect.stringMatching(/^spec\.sysctls\[0\]\.name: "kernel\.sysrq" is denied/),
    ]);
    expect(() => loadObject(object({ mode: 'Shadow' }), CALLED)).toThrow(
      'Cannot use the spec: nodepreps/worker-1: spec.mode: expected',
    );
  });

  it('names both places of what is declared twice or cannot hold together', () => {
    expect(problemsOf(object({ modules: [{ name: 'br-netfilter' }, { name: 'br_netfilter' }] }))).toEqual([
      'spec.modules[1].name: the kernel module "br_netfilter" is declared twice, as spec.modules[0].name ("br-netfilter") and as spec.modules[1].name ("br_netfilter"); keep one of them',
    ]);
    expect(
      problemsOf(
        object({
          sysctls: [
            { name: 'vm.dirty_bytes', value: 1 },
            { name: 'vm.dirty_ratio', value: 1 },
          ],
        }),
      )[0],
    ).toContain('vm.dirty_bytes (spec.sysctls[0])');
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a list', [1]],
    ['text', 'x'],
    ['no fields', {}],
    ['no spec', object(undefined)],
    ['a spec that is text', object('x')],
    ['lists of nothing', object({ sysctls: [null, 1, 'x', []], modules: {} })],
    ['another kind', object({}, { kind: 'Node' })],
    ['another version', object({}, { apiVersion: 'nodeprep.dev/v9' })],
    ['metadata that is text', object({ mode: 1 }, { metadata: 'x' })],
  ])('that is %s is refused and never more than that', (_, value) => {
    expect(problemsOf(value)).not.toEqual([]);
  });

  it('cannot reach the prototype of anything', () => {
    const hostile = JSON.parse(
      '{"apiVersion":"nodeprep.dev/v1alpha1","kind":"NodePrep","metadata":{"name":"a"},"spec":{"__proto__":{"mode":"Paused"},"constructor":1,"modules":[{"name":"a","parameters":{"__proto__":"1"}}]}}',
    );

    expect(loadObject(hostile, CALLED).spec.mode).toBe('Enforce');
    expect(({} as Record<string, unknown>)['mode']).toBeUndefined();
  });

  it('of an earlier release is refused instead of read without what it says', () => {
    expect(problemsOf(object({ sysctls: [{ name: 'a.b', value: 1, required: false }] }))).toEqual([
      'spec.sysctls[0].required: the field "required" is "optional" now; write "optional: true"',
    ]);
  });
});
