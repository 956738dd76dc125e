import { expect, test } from 'vitest';
import { ApiError } from '../../../../src/kubernetes/client.ts';
import { undeclaredFields, withoutUndeclared } from '../../../../src/kubernetes/report/older-definition.ts';
import { aNodeReport } from '../../../support/reports.ts';

const refused = (message: string) => new ApiError('PATCH', { code: 500, reason: '', message });

test('reads from the refusal which fields the definition lacks', () => {
  const one = refused(
    'failed to create typed patch object (/worker-1; nodeprep.dev/v1alpha1, Kind=NodePrep): .status.mode: field not declared in schema',
  );
  const several = refused(
    'failed to create typed patch object (/worker-1; nodeprep.dev/v1alpha1, Kind=NodePrep): errors:\n  .status.node.bootID: field not declared in schema\n  .status.areas[name="sysctls"].frozen: field not declared in schema\n  .status.areas[name="a]b\\".c"].frozen: field not declared in schema',
  );

  expect(undeclaredFields(one)).toEqual(['.status.mode']);
  expect(new Set(undeclaredFields(several))).toEqual(new Set(['.status.node.bootID', '.status.areas[].frozen']));
  expect(undeclaredFields(refused('etcd is away'))).toEqual([]);
});

test('leaves out these fields, of every entry of a list, and nothing else', () => {
  const areas = [{ name: 'sysctls', frozen: true, state: 'InSync' }];
  const status = { ...aNodeReport().status, node: { kernel: '6.1', bootID: 'b' }, areas } as never;

  expect(withoutUndeclared(status, ['.status.node.bootID', '.status.areas[].frozen', '.status.gone.too'])).toEqual({
    ...aNodeReport().status,
    node: { kernel: '6.1' },
    areas: [{ name: 'sysctls', state: 'InSync' }],
  });
});
