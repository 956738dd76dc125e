import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createStatusFileSink, STATUS_PATH } from '../../../src/disk/status-file.ts';
import { createLinuxHost } from '../../../src/host/linux/linux-host.ts';
import { MemoryHost } from '../../../src/host/memory/memory-host.ts';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';
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

  it('comes back before the next report when it is told that it was removed', async () => {
    const host = new MemoryHost();
    const sink = createStatusFileSink(host);
    await sink.renew();
    await sink.publish(aNodeReport(), signal);
    const before = host.text(STATUS_PATH);
    host.put('/run/nodeprep', undefined);

    await sink.renew();

    expect(host.text(STATUS_PATH)).toBe(before);
  });

  it('replaces a link in its place and leaves alone where it leads', async () => {
    const host = new MemoryHost({ '/etc/shadow': 'secret', [STATUS_PATH]: { link: '/etc/shadow' } });

    await createStatusFileSink(host).publish(aNodeReport(), signal);

    expect(host.text('/etc/shadow')).toBe('secret');
    expect(await host.stat(STATUS_PATH)).toMatchObject({ type: 'file' });
  });

  it('replaces a FIFO in its place without waiting for a reader', async () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/run/nodeprep`, { recursive: true });
    execFileSync('mkfifo', [`${root}${STATUS_PATH}`]);

    await createStatusFileSink(createLinuxHost({ root })).publish(aNodeReport(), signal);

    expect(JSON.parse(readFileSync(`${root}${STATUS_PATH}`, 'utf8'))).toMatchObject({ kind: 'NodePrep' });
  });

  it.each([undefined, '{"kind":"Pod"}'])('comes back when an administrator leaves %s in its place', async (damage) => {
    const host = new MemoryHost();
    const sink = createStatusFileSink(host);
    await sink.publish(aNodeReport(), signal);
    const before = host.text(STATUS_PATH);

    host.put(STATUS_PATH, damage);
    await sink.publish(aNodeReport(), signal);

    expect(host.text(STATUS_PATH)).toBe(before);
  });
});
