import { expect, test } from 'vitest';
import type { NodePrepSpec } from '../../../../src/api/spec/nodeprep.ts';
import { HostFileError } from '../../../../src/host/errors.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { openLedger } from '../../../../src/reconcile/ledger/ledger.ts';
import { APPROVAL_PATH, APPROVAL_REQUEST_PATH, requestApproval } from '../../../../src/reconcile/loop/approvals.ts';
import { createEngine } from '../../../../src/reconcile/loop/engine.ts';
import { SENTINEL_NAMES_PATH, SENTINEL_PATH } from '../../../../src/reconcile/loop/reboot-sentinel.ts';
import { manage } from '../../../../src/reconcile/pass/pass.ts';
import { toyArea, type ToyOptions, toySpec } from '../../../support/toy-area.ts';

/** A node of a cluster. */
const JOINED = { '/etc/kubernetes/kubelet.conf': 'credentials' };
/** Writes a file, and then restarts what reads it. */
const RESTART: ToyOptions = { chain: 'runtime', disruptions: { service: 'Restart' } };
const WANTED = { config: 'new', service: 'restarted' };

const world = (host: MemoryHost) => [host.text('/toy/config'), host.text('/toy/service')];

/** A process of the daemon; a second one of the same host is the one after a restart. */
async function daemon(host: MemoryHost, options: ToyOptions = RESTART, dryRun = false) {
  const now = () => new Date('2026-11-21T10:00:00Z');
  const ledger = await openLedger(host, now);
  const engine = createEngine({ areas: [manage(toyArea(options))], host, ledger, clock: () => 0, now, dryRun });
  let generation = 0;
  return async (parts: Partial<NodePrepSpec> = {}, values: Readonly<Record<string, string>> = WANTED) => {
    generation += 1;
    const snapshot = { name: 'node1', generation, spec: toySpec(values, parts), source: {} };
    const report = await engine.round({ snapshot, cause: 'spec' }, new AbortController().signal);
    const condition = (type: string) => report.conditions.find((one) => one.type === type);
    return { report, pending: report.status.pending, condition };
  };
}

test('a chain that ends with a restart is held before its first write', async () => {
  const host = new MemoryHost({ ...JOINED, '/toy/config': 'old' });

  const { pending, condition, report } = await (await daemon(host))();

  expect(world(host)).toEqual(['old', undefined]);
  expect(pending).toMatchObject({ disruption: 'Restart', plan: expect.stringMatching(/^[0-9a-f]{10}$/) });
  expect(pending?.changes.map(({ target }) => target)).toEqual(['config', 'service']);
  expect(report.areas[0]?.deferred.map(({ why }) => why)).toEqual(['approval', 'approval']);
  expect(condition('Ready')).toMatchObject({ status: 'False', reason: 'AwaitingApproval' });
  expect(condition('Ready')?.message).toContain(pending?.plan);
  expect(condition('Progressing')).toMatchObject({ status: 'True', reason: 'AwaitingApproval' });
  expect(['Degraded', 'Drifted', 'RebootRequired'].map((type) => condition(type)?.status)).toEqual([
    'False',
    'False',
    'False',
  ]);
});

test('a plan lists ten changes and counts the others', async () => {
  const values = Object.fromEntries(Array.from({ length: 14 }, (_, at) => [`config${at}`, 'new']));
  const disruptions = { config13: 'Restart' } as const;

  const { pending } = await (await daemon(new MemoryHost(JOINED), { chain: 'runtime', disruptions }))({}, values);

  expect(pending).toMatchObject({ disruption: 'Restart', more: 4 });
  expect(pending?.changes).toHaveLength(10);
});

test('the plan that the spec approves runs, and no other', async () => {
  const host = new MemoryHost({ ...JOINED, '/toy/config': 'old' });
  const round = await daemon(host);
  const plan = (await round()).pending?.plan ?? '';

  await round({ approvedPlan: '0000000000' });
  expect(world(host)).toEqual(['old', undefined]);
  const { pending, condition } = await round({ approvedPlan: plan });

  expect(world(host)).toEqual(['new', 'restarted']);
  expect(pending).toBeUndefined();
  expect(condition('Ready')?.status).toBe('True');
});

test('an approval that another user than root wrote counts for nothing', async () => {
  const host = new MemoryHost({ ...JOINED, '/toy/config': 'old' });
  const round = await daemon(host);
  await requestApproval(host, (await round()).pending?.plan ?? '');
  host.own(APPROVAL_REQUEST_PATH, { owner: 65_534 });

  const { pending } = await round();

  expect(world(host)).toEqual(['old', undefined]);
  expect(pending?.disruption).toBe('Restart');
});

test('the plan has one hash whatever the host shows now', async () => {
  const plans = [];
  for (const config of ['old', 'older']) {
    const host = new MemoryHost({ ...JOINED, '/toy/config': config });
    plans.push((await (await daemon(host))()).pending?.plan);
  }
  const other = new MemoryHost(JOINED);

  expect(plans[0]).toBe(plans[1]);
  expect((await (await daemon(other))({}, { ...WANTED, config: 'newer' })).pending?.plan).not.toBe(plans[0]);
});

test('an approval is spent by being done', async () => {
  const host = new MemoryHost({ ...JOINED, '/toy/config': 'old' });
  const round = await daemon(host);
  const approvedPlan = (await round()).pending?.plan ?? '';
  await round({ approvedPlan });

  host.put('/toy/service', 'old');
  const again = await round({ approvedPlan });
  const later = await (await daemon(host))({ approvedPlan });

  expect(host.text('/toy/service')).toBe('old');
  expect([again.pending?.disruption, later.pending?.disruption]).toEqual(['Restart', 'Restart']);
});

test('an approval of the same plan counts again once it was taken back', async () => {
  const host = new MemoryHost({ ...JOINED, '/toy/service': 'old', '/toy/config': 'new' });
  const round = await daemon(host);
  const approvedPlan = (await round()).pending?.plan ?? '';
  await round({ approvedPlan });
  host.put('/toy/service', 'old');

  await round();
  await round({ approvedPlan });

  expect(host.text('/toy/service')).toBe('restarted');
});

test('an approval on the host survives a restart and is spent', async () => {
  const host = new MemoryHost({ ...JOINED, '/toy/config': 'old' });
  const plan = (await (await daemon(host))()).pending?.plan ?? '';
  await requestApproval(host, plan);

  await (await daemon(host))();

  expect(world(host)).toEqual(['new', 'restarted']);
  expect([host.text(APPROVAL_REQUEST_PATH), host.text(APPROVAL_PATH)]).toEqual([undefined, undefined]);
});

test('an approval on the host opens no later plan', async () => {
  const host = new MemoryHost({ ...JOINED, '/toy/config': 'old' });
  const round = await daemon(host);
  await requestApproval(host, (await round()).pending?.plan ?? '');

  await round({}, { ...WANTED, config: 'newer' });
  await round();

  expect(world(host)).toEqual(['old', undefined]);
});

test('a process that dies in an approved chain is followed by one that ends it', async () => {
  const host = new MemoryHost({ ...JOINED, '/toy/config': 'old' });
  const failing = await daemon(host, { ...RESTART, failOn: new Set(['service']) });
  const approvedPlan = (await failing()).pending?.plan ?? '';
  await failing({ approvedPlan });
  expect(world(host)).toEqual(['new', undefined]);

  const { pending } = await (await daemon(host))({ approvedPlan });

  expect(world(host)).toEqual(['new', 'restarted']);
  expect(pending).toBeUndefined();
});

test('an approval that cannot be recorded is not given', async () => {
  const host = new MemoryHost({ ...JOINED, '/toy/config': 'old' });
  const round = await daemon(host);
  const approvedPlan = (await round()).pending?.plan ?? '';
  host.failOn(1, new HostFileError('write', APPROVAL_PATH, 'ENOSPC', 'the disk is full'));

  await round({ approvedPlan });

  expect(world(host)).toEqual(['old', undefined]);
});

const CONTAINER = '39d9c74cf7a12b72a48c1d4bc1e56a419e67c954b4432729690390d194245bef';

test.each([
  ['credentials of the kubelet', { '/var/lib/kubelet/kubeconfig': 'x' }],
  ['a client certificate', { '/var/lib/kubelet/pki/kubelet-client-current.pem': 'x' }],
  ['a task of containerd', { '/run/containerd/io.containerd.runtime.v2.task/k8s.io/abc/pid': '1' }],
  ['a container of Docker', { '/run/containerd/io.containerd.runtime.v2.task/moby/abc/pid': '1' }],
  ['a pod of cgroup v1 in a class', { [`/sys/fs/cgroup/pids/kubepods/burstable/pod1/${CONTAINER}/cgroup.procs`]: '1' }],
  ['processes of pods', { '/sys/fs/cgroup/kubepods.slice/cgroup.events': 'populated 1\nfrozen 0\n' }],
  [
    'a pod of cgroup v1',
    {
      '/sys/fs/cgroup/memory/kubepods/besteffort/x': '',
      [`/sys/fs/cgroup/memory/kubepods/pod1/${CONTAINER}/cgroup.procs`]: '1',
    },
  ],
])('a host with %s is asked before it is disturbed', async (_, files) => {
  const host = new MemoryHost({ ...files, '/toy/config': 'old' });

  await (await daemon(host))();

  expect(world(host)).toEqual(['old', undefined]);
});

test.each([
  ['nothing of Kubernetes', {}],
  ['an empty tree of pods', { '/sys/fs/cgroup/kubepods.slice/cgroup.events': 'populated 0\nfrozen 0\n' }],
])('a host with %s has nothing to disturb', async (_, files) => {
  const host = new MemoryHost({ ...files, '/toy/config': 'old' });

  const { report } = await (await daemon(host))();

  expect(world(host)).toEqual(['new', 'restarted']);
  expect(report.areas[0]?.applied.map(({ target }) => target)).toEqual(['config', 'service']);
  expect(host.text(APPROVAL_PATH)).toBeUndefined();
});

test('a dry run and an audit neither disturb nor wait', async () => {
  const host = new MemoryHost({ '/toy/config': 'old' });

  await (await daemon(host, RESTART, true))();
  await (await daemon(host))({ mode: 'Audit' });

  expect(world(host)).toEqual(['old', undefined]);
});

test('what needs a reboot is written at once, and only the sentinel waits', async () => {
  const host = new MemoryHost({ ...JOINED, '/toy/config': 'old' });
  const options: ToyOptions = { chain: 'boot', disruptions: { service: 'Reboot' } };
  const round = await daemon(host, options);

  const { pending, condition } = await round({ rebootSentinel: 'WhenApproved' });
  expect(world(host)).toEqual(['new', undefined]);
  expect(condition('RebootRequired')?.status).toBe('True');
  expect(condition('Ready')?.reason).toBe('RebootRequired');
  expect(host.text(SENTINEL_PATH)).toBeUndefined();
  await round({ rebootSentinel: 'WhenApproved', approvedPlan: pending?.plan ?? '' });

  expect(host.text(SENTINEL_PATH)).toBeDefined();
  expect(host.text(SENTINEL_NAMES_PATH)).toBe('nodeprep\n');
});

test('an approved reboot asks nobody unless the spec says so, and takes back only its own', async () => {
  const host = new MemoryHost({ ...JOINED, [SENTINEL_PATH]: 'x', [SENTINEL_NAMES_PATH]: 'linux-image\nnodeprep\n' });
  const round = await daemon(host, { disruption: 'Reboot' });
  const approvedPlan = (await round()).pending?.plan ?? '';

  await round({ approvedPlan });

  expect(host.text(SENTINEL_NAMES_PATH)).toBe('linux-image\n');
  expect(host.text(SENTINEL_PATH)).toBe('x');
});

test('a sentinel that another made outlasts our line', async () => {
  const host = new MemoryHost({
    ...JOINED,
    '/toy/config': 'old',
    [SENTINEL_PATH]: '*** System restart required ***\n',
  });
  const round = await daemon(host, { chain: 'boot', disruptions: { service: 'Reboot' } });
  const { pending } = await round({ rebootSentinel: 'WhenApproved' });
  await round({ rebootSentinel: 'WhenApproved', approvedPlan: pending?.plan ?? '' });
  expect(host.text(SENTINEL_NAMES_PATH)).toBe('nodeprep\n');

  await round();

  expect(host.text(SENTINEL_NAMES_PATH)).toBeUndefined();
  expect(host.text(SENTINEL_PATH)).toBe('*** System restart required ***\n');
});

test('what waits for a drain is neither approved nor called a reboot', async () => {
  const host = new MemoryHost({ ...JOINED, '/toy/config': 'old' });
  const round = await daemon(host, { disruption: 'Drain', waitsFor: 'drain' });

  const { pending, condition, report } = await round();

  expect(pending).toBeUndefined();
  expect(report.areas[0]?.deferred[0]?.why).toBe('drain');
  expect(condition('RebootRequired')?.status).toBe('False');
  expect(condition('Ready')).toMatchObject({ status: 'False', reason: 'Pending' });
});

test('a drain that may be approved is called by its class', async () => {
  const { pending, condition } = await (await daemon(new MemoryHost(JOINED), { disruption: 'Drain' }))();

  expect(pending?.disruption).toBe('Drain');
  expect(condition('RebootRequired')?.status).toBe('False');
});
