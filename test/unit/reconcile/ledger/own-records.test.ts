/** Records that decide what root does later are believed only while no other user could have written them. */
import { describe, expect, it } from 'vitest';
import { openClusterRecord, readClusterSpec } from '../../../../src/disk/cluster-record.ts';
import { readLastGood } from '../../../../src/disk/file-spec-source.ts';
import { readStatusFile } from '../../../../src/disk/status-file.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { openLedger, readLedger } from '../../../../src/reconcile/ledger/ledger.ts';

const STATE = '/var/lib/nodeprep';
const LEDGER = `${STATE}/ledger.json`;
const NOBODY = 65534;
const now = () => new Date('2026-01-02T03:04:05Z');
const entry = {
  key: 'live:kernel.x',
  original: { state: 'value', value: '666' },
  wrote: ['1'],
  since: '2026-01-01T00:00:00Z',
  changed: '2026-01-01T00:00:00Z',
};
const ledger = JSON.stringify({ kind: 'Ledger', version: 1, areas: { sysctls: { [entry.key]: entry } } });

const hostWith = (files: Record<string, string>, kernel: 'running' | 'absent' = 'running') =>
  new MemoryHost(files, { kernel });

describe('a ledger that other users than root could have written', () => {
  it.each<[string, { path: string; owner?: number; mode?: number }, string]>([
    ['belongs to another user', { path: LEDGER, owner: NOBODY }, `chown root:root ${LEDGER}`],
    ['may be written by all', { path: LEDGER, mode: 0o666 }, `chmod go-w ${LEDGER}`],
    ['lies in a folder of another user', { path: STATE, owner: NOBODY }, `chown root:root ${STATE}`],
    ['lies in a folder that a group may write', { path: STATE, mode: 0o775 }, `chmod go-w ${STATE}`],
    ['lies below a folder that all may write', { path: '/var/lib', mode: 0o777 }, 'chmod go-w /var/lib'],
  ])('restores nothing when it %s, and stays', async (_, { path, ...ownership }, repair) => {
    const host = hostWith({ [LEDGER]: ledger });
    host.own(path, ownership);

    for (const read of [openLedger(host, now), readLedger(host)]) {
      await expect(read).rejects.toThrow(`run "${repair}", after a look at what ${LEDGER} says, or remove it`);
    }
    expect(host.text(LEDGER)).toBe(ledger);
  });

  it('is not taken back either when it was moved aside', async () => {
    const aside = `${LEDGER}.unusable-20260101T000000Z`;
    const host = hostWith({ [aside]: ledger });
    host.own(aside, { owner: NOBODY });

    expect((await openLedger(host, now)).memory('sysctls').size).toBe(0);
  });

  it('is read in an image, which belongs to who makes it', async () => {
    const host = hostWith({ [LEDGER]: ledger }, 'absent');
    host.own(STATE, { mode: 0o775 });

    expect((await readLedger(host)).memory('sysctls').size).toBe(1);
  });
});

describe('another record that other users could have written', () => {
  const cluster = JSON.stringify({
    kind: 'ClusterSpec',
    version: 1,
    node: 'n',
    object: { isDeleted: false, source: { mode: 'Audit' } },
  });
  const good = JSON.stringify({
    kind: 'LastGoodSpec',
    version: 1,
    generation: 1,
    name: 'n',
    source: { mode: 'Audit' },
  });

  it.each<[string, string, string, (host: MemoryHost) => Promise<unknown>]>([
    ['the spec of the cluster', `${STATE}/cluster.json`, cluster, readClusterSpec],
    ['the last good spec', `${STATE}/spec.json`, good, readLastGood],
    ['the status that approve shows', '/run/nodeprep/status.json', '{}', readStatusFile],
  ])('is not used: %s', async (_, path, text, read) => {
    const host = hostWith({ [path]: text });
    await expect(read(host)).resolves.toBeDefined();
    host.own(path, { owner: NOBODY });

    await expect(read(host)).rejects.toThrow('belongs to user 65534');
  });

  it('does not keep an agent from its cluster', async () => {
    const path = `${STATE}/cluster.json`;
    const host = hostWith({ [path]: cluster });
    host.own(path, { mode: 0o666 });

    expect(await openClusterRecord(host, now())).toMatchObject({
      content: {},
      warning: expect.stringContaining('chmod'),
    });
  });
});
