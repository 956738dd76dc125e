import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLUSTER_RECORD_PATH, openClusterRecord, writeClusterRecord } from '../../../src/disk/cluster-record.ts';
import { readLocalSpec, readSpec } from '../../../src/disk/file-spec-source.ts';
import { createLinuxHost } from '../../../src/host/linux/linux-host.ts';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

const file = 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n  mode: Audit\n';
const object = (more: object = {}) => ({
  object: {
    uid: 'u',
    generation: 3,
    isDeleted: false,
    source: { sysctls: [{ name: 'vm.swappiness', value: 7 }] },
    ...more,
  },
});

function hostWith(record?: string) {
  const root = temporaryDirectory();
  const put = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put('etc/nodeprep/nodeprep.yaml', file);
  if (record !== undefined) put(CLUSTER_RECORD_PATH, record);
  return { root, host: createLinuxHost({ root }) };
}

describe('the spec last received from a cluster', () => {
  it('comes before the files of the host for everything on it that works without a cluster', async () => {
    const { host } = hostWith();
    await writeClusterRecord(host, 'worker-1', object());

    expect(await readSpec(host, host, { files: [] })).toMatchObject({
      name: 'worker-1',
      source: { sysctls: [{ name: 'vm.swappiness', value: 7 }] },
    });
    expect((await readLocalSpec(host, host, { files: [] }))?.source).toEqual({ mode: 'Audit' });
  });

  it('gives way to what an administrator names on the command line', async () => {
    const { root, host } = hostWith();
    await writeClusterRecord(host, 'worker-1', object());
    const here = createLinuxHost({});

    expect((await readSpec(here, host, { files: [join(root, 'etc/nodeprep/nodeprep.yaml')] })).source).toEqual({
      mode: 'Audit',
    });
    expect((await readSpec(host, host, { files: [], profile: 'raspberry-pi' })).source.profile).toBe('raspberry-pi');
  });

  it.each([
    ['was deleted', JSON.stringify({ kind: 'ClusterSpec', version: 1, node: 'w', ...object({ isDeleted: true }) })],
    [
      'would be refused',
      JSON.stringify({ kind: 'ClusterSpec', version: 1, node: 'w', ...object({ source: { mode: 'x' } }) }),
    ],
    ['is no object', JSON.stringify({ kind: 'ClusterSpec', version: 1, object: 'x' })],
    ['is null', JSON.stringify({ kind: 'ClusterSpec', version: 1, object: null })],
    ['is of a newer NodePrep', JSON.stringify({ kind: 'ClusterSpec', version: 99, ...object() })],
    ['is truncated', '{"kind":"Clu'],
    ['is empty', ''],
    ['is another record', JSON.stringify({ kind: 'Ledger', version: 1 })],
  ])('leaves the decision to the files when it %s', async (_, record) => {
    const { host } = hostWith(record);

    expect((await readSpec(host, host, { files: [] })).source).toEqual({ mode: 'Audit' });
  });

  it('is not used when it is beyond the limits of the host', async () => {
    const { root, host } = hostWith();
    await writeClusterRecord(host, 'worker-1', object());
    const limits = '{ apiVersion: nodeprep.dev/v1alpha1, kind: NodePrepLimits, areas: [swap] }';
    writeFileSync(join(root, 'etc/nodeprep/limits.yaml'), limits);

    expect((await readSpec(host, host, { files: [] })).source).toEqual({ mode: 'Audit' });
  });

  it('stays in use when the limits got a mistake: it was within them when it was received', async () => {
    const { root, host } = hostWith();
    await writeClusterRecord(host, 'worker-1', object());
    writeFileSync(join(root, 'etc/nodeprep/limits.yaml'), 'areas: 7');

    expect((await readSpec(host, host, { files: [] })).source).toEqual(object().object.source);
  });

  it('is kept aside by the agent when it cannot be used, and survives what it can read', async () => {
    const { root, host } = hostWith('{"kind":"Clu');
    const opened = await openClusterRecord(host, new Date());

    expect(opened).toMatchObject({ content: {}, warning: expect.stringContaining('is truncated or not JSON') });
    expect(readdirSync(join(root, 'var/lib/nodeprep'))).toEqual([expect.stringMatching(/^cluster\.json\.unusable-/)]);
    await writeClusterRecord(host, 'w', object());
    expect((await openClusterRecord(host, new Date())).content).toMatchObject({ node: 'w', ...object() });
  });
});
