import { describe, expect, it } from 'vitest';
import { createStatusFileSink, STATUS_PATH } from '../../../src/disk/status-file.ts';
import { MemoryHost } from '../../../src/host/memory/memory-host.ts';
import { aNodeReport } from '../../support/reports.ts';

const signal = new AbortController().signal;

describe('the status file', () => {
  it('is written once for a status that stays the same', async () => {
    const host = new MemoryHost();
    const sink = createStatusFileSink(host);

    await sink.publish(aNodeReport(), signal);
    const mutations = host.mutations;
    await sink.publish(aNodeReport({ seconds: 7 }), signal);

    expect(JSON.parse(host.text(STATUS_PATH) ?? '')).toMatchObject({ kind: 'NodePrep', metadata: { name: 'node1' } });
    expect(host.mutations).toBe(mutations);
  });

  it.each([undefined, '{"kind":"Pod"}'])('comes back when somebody leaves %s in its place', async (damage) => {
    const host = new MemoryHost();
    const sink = createStatusFileSink(host);
    await sink.publish(aNodeReport(), signal);
    const before = host.text(STATUS_PATH);

    host.put(STATUS_PATH, damage);
    await sink.publish(aNodeReport(), signal);

    expect(host.text(STATUS_PATH)).toBe(before);
  });
});
