import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Machine } from '../../../../src/app/machine.ts';
import { bootstrapForService } from '../../../../src/app/bootstrap/service-bootstrap.ts';
import { STATUS_PATH } from '../../../../src/disk/status-file.ts';
import { acquireHostLock } from '../../../../src/host/hand-over/lock.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { manage } from '../../../../src/reconcile/pass/pass.ts';
import { createLogger } from '../../../../src/telemetry/log/logger.ts';
import { toyArea, type ToyOptions } from '../../../support/toy-area.ts';

const SPEC = '/etc/nodeprep/nodeprep.yaml';
const WAIT = { timeout: 5000, interval: 5 };
const document = (onFailure: string, more = '') =>
  `apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n  bootstrap:\n    onFailure: ${onFailure}\n${more}  sysctls:\n  - name: vm.swappiness\n    value: 10\n`;

/** A unit on a machine in memory, and what it wrote to the journal. */
function service(
  spec: string | undefined,
  failOn: Set<string>,
  timeoutMs = 1000,
  options: ToyOptions = {},
  files = {},
) {
  const root = mkdtempSync(join(tmpdir(), 'nodeprep-test-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const host = new MemoryHost({
    '/etc/hostname': 'node1\n',
    ...files,
    ...(spec === undefined ? {} : { [SPEC]: spec }),
  });
  const machine: Machine = {
    root,
    live: false,
    host,
    here: host,
    areas: [manage(toyArea({ failOn, ...options }))],
    clock: () => performance.now(),
    now: () => new Date(0),
  };
  const lines: string[] = [];
  const logger = createLogger({ stream: { write: (text) => lines.push(text), isJournal: true }, env: {} });
  const abort = new AbortController();
  let code: number | undefined;
  const start = () => {
    const ended = bootstrapForService(machine, { files: [] }, { timeoutMs, logger, retryMs: 1 }, abort.signal);
    void ended.then((value) => (code = value)).catch(() => undefined);
    return ended;
  };
  const notReady = () => lines.filter((line) => line.includes('NOT ready'));
  return { root, host, start, abort, notReady, lines, code: () => code };
}

const recorded = (onFailure: string) =>
  JSON.stringify({
    ...{ kind: 'ClusterSpec', version: 1, node: 'node1' },
    object: {
      ...{ uid: 'u', generation: 3, isDeleted: false },
      source: { bootstrap: { onFailure }, sysctls: [{ name: 'vm.swappiness', value: 10 }] },
    },
  });
const RECORD = '/var/lib/nodeprep/cluster.json';

describe('a NodePrep of the cluster that says Block', () => {
  test.each([
    ['no spec file', undefined],
    ['a file with Degrade', document('Degrade')],
    ['a broken file', 'kind: ['],
  ])('does not hold the kubelet of a host with %s', async (_, file) => {
    const unit = service(file, new Set(['vm.swappiness']));
    await unit.host.writeFile(RECORD, recorded('Block'));

    expect(await unit.start()).toBe(2);

    expect(unit.notReady().join()).toContain('counts only when a spec file of this host says it as well');
  });

  test('does not hold it by the last good spec either, when the record is gone and the file broken', async () => {
    const unit = service('kind: [', new Set(['vm.swappiness']));
    await unit.host.writeFile(RECORD, recorded('Block'));
    await unit.start();
    await unit.host.removeFile(RECORD);

    expect(await unit.start()).toBe(2);
  });

  test('holds it where the host says so too', async () => {
    const unit = service(document('Block'), new Set(['vm.swappiness']));
    await unit.host.writeFile(RECORD, recorded('Block'));
    const ended = unit.start();

    await vi.waitFor(() => expect(unit.notReady().join()).toContain('the kubelet is held back'), WAIT);

    expect(unit.code()).toBeUndefined();
    unit.abort.abort();
    await expect(ended).rejects.toThrow();
  });
});

describe('the unit before the kubelet', () => {
  test('ends with 0 on a host that is ready, and says so', async () => {
    const unit = service(document('Block'), new Set());

    expect(await unit.start()).toBe(0);

    expect(unit.lines.at(-1)).toMatch(/^<6>.*This host is ready, the kubelet may start/);
    expect(unit.host.text('/toy/vm.swappiness')).toBe('10');
  });

  const finding = (waitsFor: 'approval' | 'confirmation' | 'unit') =>
    ({
      target: 'vm.swappiness',
      reason: 'AwaitingConfirmation',
      message: 'on trial',
      transient: true,
      waitsFor,
    }) as const;
  test.each([
    ['an approval', { disruption: 'Restart' }],
    ['a confirmation', { blocked: [finding('confirmation')] }],
    ['a unit that starts later', { blocked: [finding('unit')] }],
    ['a drain', { disruption: 'Drain', waitsFor: 'drain' }],
    ['a restart of a unit that starts later', { disruption: 'Restart', waitsFor: 'boot gate' }],
  ] satisfies [string, ToyOptions][])('waits neither with Block nor with Degrade for %s', async (_, options) => {
    for (const onFailure of ['Block', 'Degrade']) {
      const joined = { '/etc/kubernetes/kubelet.conf': 'x' };
      const unit = service(document(onFailure), new Set(), 60_000, options, joined);

      expect(await unit.start()).toBe(0);
      expect(unit.lines.at(-1)).toMatch(/^<6>.*The kubelet may start; the daemon does the rest later/);
      expect(unit.notReady()).toEqual([]);
    }
  });

  test('leaves a restart to the daemon on a host that is no node yet', async () => {
    const unit = service(document('Block'), new Set(), 1000, { disruption: 'Restart', waitsFor: 'boot gate' });

    expect(await unit.start()).toBe(0);
    expect(unit.host.text('/toy/vm.swappiness')).toBeUndefined();
  });

  test('with Degrade ends with 2 and one line at error level that says which and why', async () => {
    const unit = service(document('Degrade'), new Set(['vm.swappiness']));

    expect(await unit.start()).toBe(2);

    expect(unit.notReady()).toHaveLength(1);
    expect(unit.notReady()[0]).toMatch(/^<3>.*onFailure is Degrade.*ApplyFailed.*vm\.swappiness.*refused/);
  });

  test('with Block does not end before the host is ready, and says why once', async () => {
    const failing = new Set(['vm.swappiness']);
    const unit = service(document('Block'), failing);
    const ended = unit.start();
    await expect.poll(unit.notReady, WAIT).toHaveLength(1);
    // The next try brings the status back.
    await unit.host.removeFile(STATUS_PATH);
    await expect.poll(() => unit.host.text(STATUS_PATH), WAIT).toBeDefined();

    expect(unit.code()).toBeUndefined();
    expect(unit.notReady()[0]).toMatch(/^<3>.*onFailure is Block.*vm\.swappiness/);
    failing.clear();

    expect(await ended).toBe(0);
    expect(unit.notReady()).toHaveLength(1);
  });

  test('held back by Block stops when it is told to stop', async () => {
    const unit = service(document('Block'), new Set(['vm.swappiness']));
    const ended = unit.start();
    await expect.poll(unit.notReady, WAIT).toHaveLength(1);

    unit.abort.abort();

    await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('takes a spec that was changed to Degrade while the kubelet was held back', async () => {
    const unit = service(document('Block'), new Set(['vm.swappiness']));
    const ended = unit.start();
    await expect.poll(unit.notReady, WAIT).toHaveLength(1);

    unit.host.put(SPEC, document('Degrade'));

    expect(await ended).toBe(2);
  });

  test('enforces the last good spec, and its onFailure, when the newest is broken', async () => {
    const unit = service(document('Block'), new Set());
    await unit.start();
    unit.host.put(SPEC, 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n  sysctl: []\n');
    unit.host.put('/toy/vm.swappiness', '60');

    expect(await unit.start()).toBe(0);

    expect(unit.host.text('/toy/vm.swappiness')).toBe('10');
    expect(unit.lines.join('')).toMatch(/<3>.*Spec refused.*sysctls/);
  });

  test('ends with 1 at once when there never was a spec that can be used', async () => {
    const unit = service('spec: [', new Set(), 60_000);

    expect(await unit.start()).toBe(1);

    expect(unit.notReady()[0]).toContain(SPEC);
  });

  test('with Degrade waits for a busy host no longer than its time-out', async () => {
    const unit = service(document('Degrade'), new Set(), 30);
    const holder = { pid: process.pid, version: '1', command: 'run' };
    const lock = await acquireHostLock({ root: unit.root, holder });
    onTestFinished(() => lock.release());

    expect(await unit.start()).toBe(1);

    expect(unit.notReady()[0]).toMatch(/already managing it/);
  });

  test.each([
    ['reports the host ready', { status: 'True', reason: 'AsExpected' }, 0],
    ['was asked to leave the host alone', { status: 'False', reason: 'Auditing' }, 2],
  ] as const)('is content when the daemon that has the host %s', async (_, ready, code) => {
    const unit = service(document('Block'), new Set(), 60_000);
    const lock = await acquireHostLock({ root: unit.root, holder: { pid: 7, version: '1', command: 'run' } });
    onTestFinished(() => lock.release());
    const condition = {
      type: 'Ready',
      message: 'as it is',
      observedGeneration: 1,
      lastTransitionTime: '2026-11-01T00:00:00Z',
    };
    const status = { observedGeneration: 1, inSync: '1/1', conditions: [{ ...condition, ...ready }], areas: [] };
    const metadata = { name: 'node1', generation: 1 };
    const nodePrep = { apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', metadata, spec: {}, status };
    unit.host.put('/run/nodeprep/status.json', JSON.stringify(nodePrep));

    expect(await unit.start()).toBe(code);

    expect(unit.lines.join('')).toContain('process 7 ("run", version 1) has this host already');
    expect(unit.host.text('/toy/vm.swappiness')).toBeUndefined();
  });

  test.each(['Audit', 'Paused'])('does not hold the kubelet back when the mode is %s', async (mode) => {
    const unit = service(document('Block', `  mode: ${mode}\n`), new Set());

    expect(await unit.start()).toBe(2);

    expect(unit.host.text('/toy/vm.swappiness')).toBeUndefined();
  });
});
