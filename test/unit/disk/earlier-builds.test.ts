import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseStatusFile } from '../../../src/api/status/status.ts';
import { readClusterSpec } from '../../../src/disk/cluster-record.ts';
import { readLastGood } from '../../../src/disk/file-spec-source.ts';
import { createLinuxHost } from '../../../src/host/linux/linux-host.ts';
import { recordedSpec } from '../../../src/kubernetes/spec/object-spec.ts';
import { readLedger } from '../../../src/reconcile/ledger/ledger.ts';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

const recorded = (name: string) => readFileSync(new URL(`../../support/records/${name}`, import.meta.url), 'utf8');

function hostOfAnEarlierBuild() {
  const root = temporaryDirectory();
  for (const name of ['cluster.json', 'spec.json', 'ledger.json']) {
    const path = join(root, 'var/lib/nodeprep', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, recorded(name));
  }
  return createLinuxHost({ root });
}

const MEANT = {
  modules: [
    {
      name: 'nf_conntrack',
      parameters: { hashsize: '262144', expect_hashsize: '4294967296' },
      required: false,
    },
    { name: 'overlay', parameters: {}, required: true },
  ],
  sysctls: [
    expect.objectContaining({ name: 'vm.swappiness', value: '10', required: false }),
    expect.objectContaining({ name: 'kernel.shmmax', value: '18446744073692', required: true }),
  ],
};

describe('what an earlier build recorded', () => {
  test('of the last good spec and of the cluster keeps its meaning', async () => {
    const host = hostOfAnEarlierBuild();
    const { object } = JSON.parse(recorded('cluster.json'));

    expect((await readLastGood(host))?.spec).toMatchObject(MEANT);
    expect((await readClusterSpec(host))?.spec).toMatchObject(MEANT);
    expect(recordedSpec({ object }, 'nodepreps/worker-1')?.loaded.spec).toMatchObject(MEANT);
  });

  test('of originals and of the status is read as it was', async () => {
    const ledger = await readLedger(hostOfAnEarlierBuild());

    expect(ledger.warning).toBe(undefined);
    expect([...ledger.memory('sysctls').keys()]).not.toEqual([]);
    expect(parseStatusFile(recorded('status.json'))).toMatchObject({ nodePrep: { metadata: { name: 'worker-1' } } });
  });
});
