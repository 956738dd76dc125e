import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { PendingStatus } from '../../../src/api/status/status.ts';
import { API_VERSION } from '../../../src/api/spec/nodeprep.ts';
import { APPROVAL_REQUEST_PATH } from '../../../src/reconcile/loop/approvals.ts';
import { runCommand } from '../../support/command-line.ts';

const PENDING: PendingStatus = {
  disruption: 'Restart',
  plan: '1f3a9c02ab',
  changes: [{ area: 'cgroup', action: 'restart', target: 'containerd', to: 'systemd', disruption: 'Restart' }],
};

/** A host whose daemon reported this. */
function host(pending?: PendingStatus): string {
  const root = mkdtempSync(join(tmpdir(), 'nodeprep-test-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'run/nodeprep'), { recursive: true });
  const status = {
    observedGeneration: 1,
    inSync: '0/0',
    conditions: [],
    areas: [],
    ...(pending === undefined ? {} : { pending }),
  };
  const content = {
    apiVersion: API_VERSION,
    kind: 'NodePrep',
    metadata: { name: 'node1', generation: 1 },
    spec: {},
    status,
  };
  writeFileSync(join(root, 'run/nodeprep/status.json'), JSON.stringify(content));
  return root;
}
const requested = (root: string) => {
  try {
    return (JSON.parse(readFileSync(join(root, APPROVAL_REQUEST_PATH), 'utf8')) as { plan: string }).plan;
  } catch {
    return undefined;
  }
};

test.each([[], [PENDING.plan]])('approve prints and records what it approves', async (...plan) => {
  const root = host(PENDING);

  const { code, stdout } = await runCommand(['approve', ...plan, '--root', root]);

  expect(code).toBe(0);
  expect(stdout).toMatch(/Pending plan 1f3a9c02ab \(Restart\)/);
  expect(stdout).toMatch(/cgroup +containerd +restart/);
  expect(requested(root)).toBe(PENDING.plan);
});

test('approve says how many changes it covers besides', async () => {
  const { stdout } = await runCommand(['approve', '--root', host({ ...PENDING, more: 4 })]);

  expect(stdout).toMatch(/and 4 more, .*covers them as well/);
});

test('approve without a pending plan says so', async () => {
  const root = host();

  const { code, stdout } = await runCommand(['approve', '--root', root]);

  expect([code, requested(root)]).toEqual([2, undefined]);
  expect(stdout).toContain('Nothing on this host waits for an approval');
});

test('approve of another plan approves nothing and shows the pending one', async () => {
  const root = host(PENDING);

  const { code, stdout } = await runCommand(['approve', '0000000000', '--root', root]);

  expect([code, requested(root)]).toEqual([2, undefined]);
  expect(stdout).toContain('1f3a9c02ab');
});
