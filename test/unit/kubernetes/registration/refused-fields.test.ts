import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../../src/kubernetes/client.ts';
import {
  refusalMessage,
  refusedFieldsFrom,
  withoutFields,
} from '../../../../src/kubernetes/registration/refused-fields.ts';

const conflict = (causes: ApiError['causes'], code = 409) => new ApiError('Cannot apply', { code, causes });
const DOCUMENT = {
  spec: {
    mode: 'Audit',
    sysctls: [
      { name: 'vm.swappiness', value: 1 },
      { name: 'a."b].c', value: 2 },
    ],
    swap: { behavior: 'Disabled' },
  },
};
const without = (...fields: string[]) =>
  withoutFields(
    DOCUMENT,
    fields.map((field) => ({ field, manager: 'x' })),
  );

describe('fields that others own', () => {
  it('are read from the causes of a conflict', () => {
    const error = conflict([
      {
        reason: 'FieldManagerConflict',
        field: '.spec.mode',
        message: 'conflict with "kubectl" using nodeprep.dev/v1alpha1',
      },
      {
        reason: 'FieldManagerConflict',
        field: '.spec.swap',
        message: 'conflict with "a \\"b\\"" with subresource "x"',
      },
      { reason: 'FieldManagerConflict', field: '.spec.profile' },
      { reason: 'Other', field: '.spec.x' },
      { reason: 'FieldManagerConflict', message: 'no field' },
    ]);

    expect(refusedFieldsFrom(error)).toEqual([
      { field: '.spec.mode', manager: 'kubectl' },
      { field: '.spec.swap', manager: 'a \\"b\\"' },
      { field: '.spec.profile', manager: 'another field manager' },
    ]);
    expect(refusedFieldsFrom(conflict([{ field: '.spec.mode' }], 422))).toEqual([]);
  });

  it('are taken out of the document, and nothing else is', () => {
    expect(without('.spec.mode', '.spec.sysctls[name="vm.swappiness"].value')).toEqual({
      spec: {
        sysctls: [{ name: 'vm.swappiness' }, { name: 'a."b].c', value: 2 }],
        swap: { behavior: 'Disabled' },
      },
    });
    expect(without('.spec.sysctls[name="a.\\"b].c"]')).toMatchObject({
      spec: { sysctls: [{ name: 'vm.swappiness' }] },
    });
    expect(without('.spec.sysctls')).toEqual({ spec: { mode: 'Audit', swap: { behavior: 'Disabled' } } });
  });

  it.each([
    '.spec.nothing',
    '.spec.sysctls[name="x"].value',
    '.spec.sysctls[0]',
    '.spec.sysctls[name=]',
    '.spec.__proto__.x',
    '.spec.constructor',
    'spec',
    '',
    '[',
    '.spec.sysctls[name="vm.swappiness"',
  ])('that are not found (%s) leave no document to apply', (field) => {
    expect(without(field)).toBeUndefined();
  });

  it('are named with their owner, and the many are counted', () => {
    const fields = Array.from({ length: 9 }, (_, at) => ({ field: `.spec.f${at}`, manager: 'm' }));

    expect(refusalMessage(fields, 'the file')).toMatch(
      /^The cluster keeps .* the file .*: spec\.f0 \(m\), .* and 4 more\./,
    );
  });
});
