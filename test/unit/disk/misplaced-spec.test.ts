import { describe, expect, it } from 'vitest';
import { readSpec } from '../../../src/disk/file-spec-source.ts';
import { type MemoryFiles, MemoryHost } from '../../../src/host/memory/memory-host.ts';

const DOCUMENT = 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n  mode: Audit\n';

const specOf = (files: MemoryFiles) => {
  const host = new MemoryHost(files);
  return readSpec(host, host, { files: [] });
};

describe('a spec in a place that is not read', () => {
  it.each<[string, string]>([
    ['/etc/nodeprep', 'mkdir /etc/nodeprep && mv /etc/nodeprep.tmp /etc/nodeprep/nodeprep.yaml'],
    ['/etc/nodeprep/nodeprep.yml', 'mv /etc/nodeprep/nodeprep.yml /etc/nodeprep/nodeprep.yaml'],
  ])('%s does not leave the node to the built-in profile', async (path, advice) => {
    await expect(specOf({ [path]: DOCUMENT })).rejects.toThrow(advice);
  });

  it('does not matter beside one that is read', async () => {
    const files = { '/etc/nodeprep/nodeprep.yml': 'old', '/etc/nodeprep/nodeprep.yaml': DOCUMENT };

    expect((await specOf(files)).source).toEqual({ mode: 'Audit' });
  });

  it('is missed by no host without any', async () => {
    expect(await specOf({ '/etc/hostname': 'worker-1\n' })).toMatchObject({ fromFiles: false });
  });
});
