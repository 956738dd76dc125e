import { describe, expect, it } from 'vitest';
import { loadObject } from '../../../../src/api/spec/load-object.ts';
import type { ApiObject } from '../../../../src/kubernetes/client.ts';
import { digestOf } from '../../../../src/kubernetes/digest.ts';
import { ownershipOf } from '../../../../src/kubernetes/object/ownership.ts';
import { planRegistration, type RegistrationInput } from '../../../../src/kubernetes/registration/plan-registration.ts';
import type { AppliedLocal, LocalSpec } from '../../../../src/kubernetes/ports.ts';

const load = (spec: object) =>
  loadObject({ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', spec }, 'nodepreps/w');
const source = { mode: 'Audit' } as const;
const local: LocalSpec & { kind: 'document' } = {
  kind: 'document',
  origin: 'files',
  title: 'x',
  ...load(source),
};
const object = (...managers: string[]): ApiObject => ({
  metadata: {
    name: 'w',
    uid: 'u',
    managedFields: managers.map((manager) => ({ manager, operation: 'Apply', fieldsV1: { 'f:spec': {} } })),
  },
});
const applied = (more: Partial<AppliedLocal> = {}): AppliedLocal => ({
  uid: 'u',
  digest: digestOf(source),
  origin: 'files',
  refused: [],
  ownership: '',
  ...more,
});
const plan = (input: Partial<RegistrationInput>) =>
  planRegistration({ view: { state: 'present', object: object() }, local, ...input }).action;

describe('the local spec is applied', () => {
  it('when there is no object and none was deleted', () => {
    const never = { state: 'absent', why: 'never' } as const;

    expect(plan({ view: never })).toBe('apply');
    expect(plan({ view: never, local: { kind: 'none', problem: '' } })).toBe('none');
  });

  it('after a deletion only when the files of the host have changed since', () => {
    const view = { state: 'absent', why: 'deleted' } as const;

    expect(plan({ view, applied: applied() })).toBe('none');
    expect(plan({ view, applied: applied({ digest: 'old' }) })).toBe('apply');
    expect(plan({ view, applied: applied({ digest: 'old' }), local: { ...local, origin: 'default' } })).toBe('none');
  });

  it('never while it is not known what there is', () => {
    for (const state of ['unknown', 'no-resource'] as const) expect(plan({ view: { state } })).toBe('none');
    expect(plan({ view: { state: 'absent', why: 'unproven' } })).toBe('none');
  });

  it('never in place of what is enforced, when the cluster has lost the object', () => {
    const view = { state: 'absent', why: 'lost' } as const;

    expect(planRegistration({ view, local, enforced: { mode: 'Enforce' } })).toEqual({
      action: 'restore',
      source: { mode: 'Enforce' },
    });
    expect(plan({ view, enforced: source })).toBe('apply');
    expect(plan({ view })).toBe('apply');
  });

  it('when it has changed since, and never because the object has', () => {
    expect(plan({ applied: applied() })).toBe('none');
    expect(plan({ applied: applied({ digest: 'old' }) })).toBe('apply');
  });

  it('to an object of others only after it has changed once', () => {
    expect(plan({ view: { state: 'present', object: object('kubectl') } })).toBe('note');
    expect(plan({ applied: applied({ uid: 'another' }) })).toBe('note');
    expect(plan({ view: { state: 'present', object: object('nodeprep-local-file') } })).toBe('apply');
  });

  it('again after a refusal only when an administrator took or let go of a field', () => {
    const refused = [{ field: '.spec.mode', manager: 'team' }];
    const ownership = ownershipOf(object('team'));

    expect(plan({ view: { state: 'present', object: object('team') }, applied: applied({ refused, ownership }) })).toBe(
      'none',
    );
    expect(plan({ applied: applied({ refused, ownership }) })).toBe('apply');
  });

  it('from the default document never over what files of the host had declared', () => {
    const standIn: LocalSpec = { ...local, origin: 'default' };

    expect(plan({ local: standIn, applied: applied({ digest: 'of the files' }) })).toBe('none');
    expect(plan({ local: standIn, applied: applied({ digest: 'old', origin: 'default' }) })).toBe('apply');
  });
});

describe('ownership', () => {
  it('changes with what others own, not with status, times or our own writes', () => {
    const entry = { manager: 'team', operation: 'Apply', fieldsV1: { 'f:spec': {} } };
    const owned = (...entries: object[]) =>
      ownershipOf({ metadata: { name: 'w', managedFields: entries } } as ApiObject);

    expect(owned(entry)).toBe(owned({ ...entry, time: '2026-01-01T00:00:00Z' }, { manager: 'nodeprep-agent' }));
    expect(owned(entry)).toBe(owned({ manager: 'x', subresource: 'status' }, entry));
    expect(owned(entry)).not.toBe(owned({ ...entry, fieldsV1: {} }));
    expect(ownershipOf({ metadata: { name: 'w', managedFields: 'x' } } as unknown as ApiObject)).toBe('');
  });
});
