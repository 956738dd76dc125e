import { describe, expect, it } from 'vitest';
import { loadObject } from '../../../../src/api/spec/load-object.ts';
import { type ApiClient, ApiError, type ApiObject } from '../../../../src/kubernetes/client.ts';
import { applyLocal } from '../../../../src/kubernetes/registration/registration.ts';

const document = loadObject({ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', spec: {} }, 'nodepreps/w');
const local = { kind: 'document', origin: 'files', title: 'x', ...document } as const;

/** A server that makes what is applied, but nothing of which a uid is known already. */
function serverWith(stored?: ApiObject) {
  let object = stored;
  const client: ApiClient = {
    close: async () => {},
    watch: () => (async function* () {})(),
    send: async ({ body }) => {
      const { metadata } = body as ApiObject;
      if (metadata.uid !== undefined && metadata.uid !== object?.metadata.uid)
        throw new ApiError('Cannot PATCH', { code: 409, reason: 'Conflict', message: 'uid mismatch' });
      object = { ...(body as ApiObject), metadata: { ...metadata, uid: object?.metadata.uid ?? 'new' } };
      return object;
    },
  };
  return { client, stored: () => object };
}

describe('an apply of the local spec', () => {
  const { signal } = new AbortController();

  it('makes the object when it registers the node', async () => {
    const { client, stored } = serverWith();
    await applyLocal(client, 'w', local, signal);

    expect(stored()?.metadata).toEqual({ name: 'w', uid: 'new' });
  });

  it('does not bring back an object that an administrator has deleted in the meantime', async () => {
    const { client, stored } = serverWith();

    await expect(applyLocal(client, 'w', local, signal, 'u')).rejects.toMatchObject({ code: 409 });
    expect(stored()).toBeUndefined();
  });

  it('changes the object that was seen', async () => {
    const { client } = serverWith({ metadata: { name: 'w', uid: 'u' } });

    expect(await applyLocal(client, 'w', local, signal, 'u')).toMatchObject({ object: { metadata: { uid: 'u' } } });
  });

  it('takes what the agent has brought back, and leaves what people have set', async () => {
    const owners: Record<string, string> = { mode: 'nodeprep-record', deletionPolicy: 'kubectl-edit' };
    const sent: { readonly spec: object; readonly force: unknown }[] = [];
    const client: ApiClient = {
      ...serverWith().client,
      send: async ({ body, query }) => {
        const { spec } = body as { spec: object };
        sent.push({ spec, force: query?.['force'] });
        const refused =
          query?.['force'] === true ? [] : Object.keys(spec).filter((field) => owners[field] !== undefined);
        if (refused.length === 0) return { metadata: { name: 'w', uid: 'u' } };
        const causes = refused.map((field) => ({
          reason: 'FieldManagerConflict',
          message: `conflict with "${owners[field]}" using nodeprep.dev/v1alpha1`,
          field: `.spec.${field}`,
        }));
        throw new ApiError('Cannot PATCH', { code: 409, reason: 'Conflict', causes });
      },
    };
    const source = { mode: 'Audit', deletionPolicy: 'Keep' } as const;

    const { refused } = await applyLocal(client, 'w', { ...local, source }, signal);

    expect(refused).toEqual([{ field: '.spec.deletionPolicy', manager: 'kubectl-edit' }]);
    expect(sent.at(-1)).toEqual({ spec: { mode: 'Audit' }, force: true });
    expect(sent.filter(({ force }) => force === true)).toHaveLength(1);
  });

  it('takes a value that another manager wrote as text for the same value', async () => {
    const spec = {
      sysctls: [
        { name: 'vm.swappiness', value: 10 },
        { name: 'a.b', value: 1 },
      ],
    };
    const wanted = { ...local, ...loadObject({ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', spec }, 'x') };
    const theirs = {
      sysctls: [
        { name: 'vm.swappiness', value: '10' },
        { name: 'a.b', value: '2' },
      ],
    };
    const conflicts = spec.sysctls.map(({ name }) => ({
      reason: 'FieldManagerConflict',
      message: 'conflict with "kubectl"',
      field: `.spec.sysctls[name="${name}"].value`,
    }));
    let asked = 0;
    const client = {
      ...serverWith().client,
      send: async () => {
        asked += 1;
        if (asked === 1) throw new ApiError('Cannot PATCH', { code: 409, reason: 'Conflict', causes: conflicts });
        return { metadata: { name: 'w', uid: 'u' }, spec: theirs };
      },
    };

    const { refused } = await applyLocal(client, 'w', wanted, signal);

    expect(refused.map(({ field }) => field)).toEqual(['.spec.sysctls[name="a.b"].value']);
  });
});
