/** What people see and do with kubectl, on the newest server and on one of 2020. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { NodePrepStatus } from '../../src/api/status/status.ts';
import type { Flavor } from './harness/assets.ts';
import { type ControlPlane, usingControlPlane } from './harness/control-plane.ts';
import { checksRules, installDefinition, NODEPREPS } from './harness/definition.ts';

const head = (name: string) => `apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nmetadata: {name: ${name}}\n`;

async function apply(plane: ControlPlane, manager: string, text: string, ...more: readonly string[]) {
  return plane.kubectl(['apply', '--server-side', `--field-manager=${manager}`, ...more, '-f', '-'], { stdin: text });
}

/** Makes an object as a person would; throws kubectl's words when that fails. */
async function made(plane: ControlPlane, name: string, spec: string): Promise<string> {
  const { code, err } = await apply(plane, 'people', `${head(name)}spec: ${spec}\n`);
  if (code !== 0) throw new Error(err);
  return name;
}

type Part = Readonly<Record<string, unknown>>;

async function read(plane: ControlPlane, name: string) {
  const { body } = await plane.send('GET', `${NODEPREPS}/${name}`);
  return body as { readonly metadata: Part & { generation: number }; readonly spec: Part; readonly status?: Part };
}

const SINCE = '2026-11-01T08:00:00Z';
const drifted: NodePrepStatus = {
  observedGeneration: 1,
  mode: 'Enforce',
  inSync: '41/42',
  entries: 42,
  inSyncEntries: 41,
  node: { kernel: '6.1.0-18-amd64', cgroup: 'v2', runtime: 'containerd', firewall: 'nftables' },
  conditions: [
    { type: 'Ready', status: 'False', reason: 'DriftDetected', message: 'vm.swappiness is 60' },
    { type: 'Drifted', status: 'True', reason: 'LiveDrift', message: 'vm.swappiness is 60 instead of 10' },
    { type: 'Conflicting', status: 'False', reason: 'None', message: 'Nobody overrides a declared value.' },
    { type: 'RebootRequired', status: 'False', reason: 'NotRequired', message: 'No boot is outstanding.' },
  ].map((condition) => ({
    ...condition,
    lastTransitionTime: SINCE,
    observedGeneration: 1,
  })) as unknown as NodePrepStatus['conditions'],
  areas: [
    {
      name: 'sysctls',
      state: 'Drifted',
      counts: { total: 42, inSync: 41, pending: 0, drifted: 1, conflicting: 0, blocked: 0, failed: 0 },
      differing: [
        {
          name: 'vm.swappiness',
          expected: '10',
          actual: '60',
          reason: 'LiveDrift',
          message: 'The live value differs.',
        },
      ],
    },
  ],
};

async function report(plane: ControlPlane, name: string, status: NodePrepStatus): Promise<void> {
  const path = `${NODEPREPS}/${name}/status`;
  const { code, body } = await plane.send('PATCH', path, { status }, 'application/merge-patch+json');
  if (code !== 200) throw new Error(JSON.stringify(body));
}

/** A table as rows of cells; columns are two blanks or more apart. */
const rowsOf = (out: string) => {
  const lines = out.trimEnd().split('\n');
  const starts = [...(lines[0] ?? '').matchAll(/\S+/g)].map((match) => match.index);
  return lines.map((line) => starts.map((start, at) => line.slice(start, starts[at + 1]).trim()));
};

describe.each<Flavor>(['current', 'full'])('kubectl, on the server of the flavor %s', (flavor) => {
  const plane = usingControlPlane({ flavor, prepare: installDefinition });

  test('get shows at a glance how a node stands, and with -o wide what it is', async () => {
    const { kubectl } = plane();
    await made(plane(), 'table', '{profile: kubeadm-worker, mode: Audit}');
    await report(plane(), 'table', drifted);

    const narrow = rowsOf((await kubectl(['get', 'nodepreps', 'table'])).out);
    const wide = rowsOf((await kubectl(['get', 'nodepreps', 'table', '-o', 'wide'])).out);

    expect(narrow).toEqual([
      ['NAME', 'READY', 'DRIFTED', 'REBOOT', 'IN-SYNC', 'REASON', 'MODE', 'AGE'],
      ['table', 'False', 'True', 'False', '41/42', 'DriftDetected', 'Enforce', expect.stringMatching(/^\d+s$/)],
    ]);
    expect(wide).toEqual([
      [
        ...['NAME', 'READY', 'DRIFTED', 'REBOOT', 'IN-SYNC', 'REASON'],
        ...['MODE', 'PROFILE', 'CONFLICTING', 'PENDING', 'KERNEL', 'CGROUP', 'RUNTIME', 'FIREWALL', 'AGE'],
      ],
      [
        ...['table', 'False', 'True', 'False', '41/42', 'DriftDetected'],
        ...['Enforce', 'kubeadm-worker', 'False', '', '6.1.0-18-amd64', 'v2', 'containerd', 'nftables'],
        expect.stringMatching(/^\d+s$/),
      ],
    ]);
  });

  test('get shows a node whose agent has not spoken yet with empty cells', async () => {
    await made(plane(), 'silent', '{}');

    const [, row] = rowsOf((await plane().kubectl(['get', 'nprep', 'silent'])).out);

    expect(row).toEqual(['silent', '', '', '', '', '', '', expect.stringMatching(/^\d+s$/)]);
  });

  test('get knows the plural, the singular, the short name and the category', async () => {
    const { kubectl } = plane();
    await made(plane(), 'named', '{}');

    for (const word of ['nodepreps', 'nodeprep', 'nprep', 'nodepreps.v1alpha1.nodeprep.dev', 'node-preparation']) {
      expect((await kubectl(['get', word, '-o', 'name'])).out.split('\n'), word).toContain(
        'nodeprep.nodeprep.dev/named',
      );
    }
  });

  test.each([
    ['nodeprep', ['What one Linux machine must be', 'spec', 'status']],
    ['nodeprep.spec', ['Built-in preset', 'Mode of single areas', 'Whether the host may swap']],
    ['nodeprep.spec.sysctls', ['merged by name', 'below /proc/sys', 'Wanted value', 'AtLeast', 'Default Exact']],
    ['nodeprep.spec.sysctls.drift', ['What happens when the value changes']],
    ['nprep.spec.modules.parameters', ['/etc/modprobe.d/nodeprep.conf']],
    ['nodeprep.status.conditions', ['Whether it holds', 'When status last changed']],
    ['nodeprep.status.areas.differing', ['What the spec declares', 'What the host shows']],
  ])('explain %s says what it means', async (field, words) => {
    const { code, out } = await plane().kubectl(['explain', field]);

    expect(code).toBe(0);
    const text = out.replaceAll(/\s+/g, ' ');
    for (const word of words) expect(text).toContain(word);
  });

  test('describe shows conditions and differing entries', async () => {
    await made(plane(), 'described', '{mode: Audit}');
    await report(plane(), 'described', drifted);

    const { out } = await plane().kubectl(['describe', 'nodeprep', 'described']);

    const text = out.replaceAll(/\s+/g, ' ');
    for (const words of [
      'Message: vm.swappiness is 60 instead of 10 Observed Generation: 1 Reason: LiveDrift Status: True Type: Drifted',
      'Actual: 60 Expected: 10 Message: The live value differs. Name: vm.swappiness Reason: LiveDrift',
      'In Sync: 41/42',
    ])
      expect(text).toContain(words);
  });

  test('wait waits for Ready, and gives up on a node that is not', async () => {
    const { kubectl } = plane();
    await made(plane(), 'awaited', '{}');
    await report(plane(), 'awaited', drifted);
    const wait = (...more: readonly string[]) => kubectl(['wait', ...more, 'nodeprep/awaited']);

    const soon = await wait('--for=condition=Ready', '--timeout=1s');
    const waiting = wait('--for=condition=Ready', '--timeout=30s');
    const ready = drifted.conditions.map((one) => (one.type === 'Ready' ? { ...one, status: 'True' as const } : one));
    await report(plane(), 'awaited', { ...drifted, conditions: ready });

    expect(soon).toMatchObject({ code: 1, err: 'error: timed out waiting for the condition on nodepreps/awaited\n' });
    expect(await waiting).toMatchObject({ code: 0, out: 'nodeprep.nodeprep.dev/awaited condition met\n' });
    expect(await wait('--for=condition=Drifted=true', '--timeout=5s')).toMatchObject({ code: 0 });
  });

  // Kubernetes 1.20 takes all lists of a kind with int-or-string fields for one value: they have one owner there.
  describe('apply --server-side by three managers', () => {
    const file = (name: string, entries: string) => `${head(name)}spec:\n  sysctls: [${entries}]\n`;
    const swappiness = (value: number) => `{name: vm.swappiness, value: ${value}}`;
    const [forward, somaxconn] = ['{name: net.ipv4.ip_forward, value: 1}', '{name: net.core.somaxconn, value: 4096}'];
    const names = async (name: string) =>
      ((await read(plane(), name)).spec['sysctls'] as { name: string }[]).map((entry) => entry.name).toSorted();

    test('merges their entries by name', async () => {
      await apply(plane(), 'nodeprep-local-file', file('merged', swappiness(10)));
      await apply(plane(), 'nodeprep-policy/workers', file('merged', forward));
      const last = await apply(plane(), 'person', `${file('merged', somaxconn)}  modules: [{name: overlay}]\n`);

      if (!checksRules(plane())) return expect(last.err).toContain('"nodeprep-local-file": .spec.sysctls\n');
      expect(last).toMatchObject({ code: 0 });
      expect(await names('merged')).toEqual(['net.core.somaxconn', 'net.ipv4.ip_forward', 'vm.swappiness']);
    });

    test('takes away only what a manager had applied itself', async () => {
      await apply(plane(), 'nodeprep-local-file', file('taken', `${swappiness(10)}, ${forward}`));
      const added = await apply(plane(), 'person', file('taken', `${forward}, ${somaxconn}`));

      await apply(plane(), 'person', file('taken', ''));

      expect(added.code).toBe(checksRules(plane()) ? 0 : 1);
      expect(await names('taken')).toEqual(['net.ipv4.ip_forward', 'vm.swappiness']);
    });

    test('names the entry and its owner when two want different values, and changes nothing', async () => {
      await apply(plane(), 'nodeprep-local-file', file('conflict', swappiness(10)));

      const refused = await apply(plane(), 'person', file('conflict', `${swappiness(60)}, ${forward}`));

      expect(refused.code).not.toBe(0);
      const field = checksRules(plane()) ? '.spec.sysctls[name="vm.swappiness"].value' : '.spec.sysctls';
      expect(refused.err).toContain(`conflict with "nodeprep-local-file": ${field}\n`);
      expect(await names('conflict')).toEqual(['vm.swappiness']);
      expect((await apply(plane(), 'person', file('conflict', swappiness(60)), '--force-conflicts')).code).toBe(0);
    });

    test('agrees silently on equal values', async () => {
      await apply(plane(), 'nodeprep-local-file', file('equal', swappiness(10)));

      expect(await apply(plane(), 'person', file('equal', swappiness(10)))).toMatchObject({ code: 0 });
    });
  });

  describe('edit', () => {
    /** An editor that does what sed is told, and keeps what it was shown; a refused edit is shown a second time. */
    async function editor(name: string, script: string) {
      const [path, shown] = [join(plane().folder, `${name}.sh`), join(plane().folder, `${name}.shown`)];
      await writeFile(path, `#!/bin/sh\ncat "$1" >>${shown}\nexec sed -i '${script}' "$1"\n`, { mode: 0o755 });
      return { env: { KUBE_EDITOR: path, TMPDIR: plane().folder }, shown: async () => readFile(shown, 'utf8') };
    }

    test('changes the spec and its generation', async () => {
      await made(plane(), 'edited', '{mode: Audit}');
      const { env } = await editor('enforce', 's/mode: Audit/mode: Enforce/');

      const { code } = await plane().kubectl(['edit', 'nodeprep', 'edited'], { env });

      expect(code).toBe(0);
      expect(await read(plane(), 'edited')).toMatchObject({ metadata: { generation: 2 }, spec: { mode: 'Enforce' } });
    });

    test('is refused with the reason when the result is no valid spec', async () => {
      await made(plane(), 'misspelt', '{mode: Audit}');
      const { env, shown } = await editor('misspell', 's/mode: Audit/mode: enforce/');

      const { code, err } = await plane().kubectl(['edit', 'nodeprep', 'misspelt'], { env });

      expect(code).not.toBe(0);
      expect(err).toContain('Edit cancelled, no valid changes were saved.');
      expect(await shown()).toContain(
        'spec.mode: Unsupported value: "enforce": supported values: "Enforce", "Audit", "Paused"',
      );
      expect(await read(plane(), 'misspelt')).toMatchObject({ spec: { mode: 'Audit' } });
    });
  });

  test('a status written with the spec is left to the agent, and writing it does not change the generation', async () => {
    await made(plane(), 'kept', '{mode: Audit}');
    await report(plane(), 'kept', drifted);

    await apply(plane(), 'person', `${head('kept')}spec: {mode: Audit}\nstatus: {inSync: 0/0}\n`);

    expect(await read(plane(), 'kept')).toMatchObject({ metadata: { generation: 1 }, status: { inSync: '41/42' } });
  });

  test('shows objects without fields that nobody declared', async () => {
    await made(plane(), 'plain', '{swap: {behavior: Disabled}, sysctls: [{name: vm.swappiness, value: 1}]}');

    expect((await read(plane(), 'plain')).spec).toEqual({
      swap: { behavior: 'Disabled' },
      sysctls: [{ name: 'vm.swappiness', value: 1 }],
    });
  });

  test('a misspelt field is refused, or dropped by a server that is too old to know better', async () => {
    const text = `${head('typo')}spec: {mode: Audit, swap: {behavior: Disabled, reserved: 1Gi}}\n`;

    const { code, err } = await plane().kubectl(['create', '-f', '-'], { stdin: text });

    expect(code).toBe(1);
    expect(err).toMatch(/unknown field "(spec\.swap\.)?reserved"/);
  });

  test('a mistake that the schema alone cannot see is refused with a sentence, where the server has CEL', async () => {
    const spec = 'sysctls: [{name: net.ipv4.ip_forward, value: 1}, {name: net/ipv4/ip_forward, value: 1}]';

    const { code, err } = await plane().kubectl(['create', '-f', '-'], { stdin: `${head('twice')}spec: {${spec}}\n` });

    if (!checksRules(plane())) return expect(code).toBe(0);
    expect(code).toBe(1);
    expect(err).toContain('a kernel parameter is declared twice, with dots and with slashes; keep one of them');
  });
});
