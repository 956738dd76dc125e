import { AREA_NAMES } from '../../../src/api/spec/nodeprep.ts';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { API_VERSION } from '../../../src/api/spec/nodeprep.ts';
import { RETRY_REQUEST_PATH } from '../../../src/reconcile/loop/fights.ts';
import { runCommand } from '../../support/command-line.ts';

/** A host whose daemon reported that two parameters are held off. */
function host(...held: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'nodeprep-test-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'run/nodeprep'), { recursive: true });
  const counts = { total: 9, inSync: 0, pending: 0, drifted: 0, conflicting: held.length, blocked: 0, failed: 0 };
  const row = { expected: '1', actual: '0', message: 'held off' };
  const differing = [
    ...held.map((name) => ({ name, reason: 'Contested', ...row })),
    { name: 'vm.a', reason: 'LiveDrift', ...row },
  ];
  const areas = [{ name: 'sysctls', state: 'Conflicting', counts, differing }];
  const status = { observedGeneration: 1, inSync: '0/0', conditions: [], areas };
  const metadata = { name: 'node1', generation: 1 };
  const content = { apiVersion: API_VERSION, kind: 'NodePrep', metadata, spec: {}, status };
  writeFileSync(join(root, 'run/nodeprep/status.json'), JSON.stringify(content));
  return root;
}
const requested = (root: string): unknown => {
  try {
    return (JSON.parse(readFileSync(join(root, RETRY_REQUEST_PATH), 'utf8')) as { names: unknown }).names;
  } catch {
    return undefined;
  }
};
const HELD = ['net.ipv4.ip_forward', 'net.core.somaxconn'];

test.each([
  [[], [...AREA_NAMES], HELD],
  [['sysctls'], ['sysctls'], HELD],
  [['sysctls/net/ipv4/ip_forward'], ['sysctls/net.ipv4.ip_forward'], HELD.slice(0, 1)],
])('retry %j asks the daemon and shows what is tried', async (words, names, shown) => {
  const root = host(...HELD);

  const { code, stdout } = await runCommand(['retry', ...words, '-o', 'json', '--root', root]);

  const { retried } = JSON.parse(stdout) as { retried: { name: string }[] };
  expect(code).toBe(0);
  expect(retried.map(({ name }) => name)).toEqual(shown);
  expect(requested(root)).toEqual(names);
});

test('retry says when nothing is held off, and asks for nothing', async () => {
  const root = host();

  const { code, stdout } = await runCommand(['retry', '--root', root]);

  expect([code, requested(root)]).toEqual([2, undefined]);
  expect(stdout).toContain('Nothing');
});

test.each(['sysctl/net.ipv4.ip_forward', 'sysctls/net..x', 'nothing'])('retry refuses the name %s', async (word) => {
  const root = host(...HELD);

  const { code, stderr } = await runCommand(['retry', word, '--root', root]);

  expect([code, requested(root)]).toEqual([1, undefined]);
  expect(stderr).not.toContain('bug in NodePrep');
});
