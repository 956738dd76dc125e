import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openMachine } from '../../../src/app/machine.ts';
import { currentStatus } from '../../../src/cli/current-status.ts';
import { renderStatus } from '../../../src/cli/output/status-view.ts';
import { paintFor } from '../../../src/cli/output/table.ts';
import { nodePrepFrom } from '../../../src/reconcile/report/status.ts';
import { aCondition, aNodeReport } from '../../support/reports.ts';
import { runCommand } from '../../support/command-line.ts';
import { copyOfHost, startNodeprep } from '../../support/nodeprep-process.ts';

vi.setConfig({ testTimeout: 60_000 });
const WAIT = { timeout: 20_000, interval: 20 };
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/gm;

describe('nodeprep status --wait', () => {
  it('ends with 0 as soon as the condition is met', async () => {
    const root = copyOfHost('debian-12');

    const reboot = await runCommand(['status', '--root', root, '--wait=RebootRequired', '--timeout', '1h']);
    const conflicts = await runCommand(['status', '--root', root, '--wait', 'conflicting=false', '--timeout', '1h']);

    expect([reboot.code, conflicts.code]).toEqual([0, 0]);
    expect(reboot.stdout).toContain('RebootRequired');
    expect(reboot.stderr).toBe('');
  });

  it('tells what it waits for, and ends with 2 when the time is over', async () => {
    const { code, stdout, stderr } = await runCommand([
      ...['status', '--root', copyOfHost('debian-12'), '--wait', '--timeout', '100ms', '-o', 'json'],
    ]);

    expect(code).toBe(2);
    expect(stderr).toMatch(/Z waiting for Ready=True: it is False, DriftDetected: .*no daemon has this host/);
    expect(stderr).toContain('Timed out: Ready is not True\n');
    expect(JSON.parse(stdout).kind).toBe('NodePrep');
  });

  it.each([
    ['Redy', 'Did you mean Ready?'],
    ['Ready=Yes', 'Expected True, False or Unknown'],
  ])('refuses %s', async (condition, hint) => {
    const { code, stderr } = await runCommand(['status', `--wait=${condition}`]);

    expect(code).toBe(1);
    expect(stderr).toContain(hint);
  });
});

describe('nodeprep status --condition', () => {
  it.each([
    ['Drifted', 0, 'True'],
    ['conflicting', 2, 'False'],
  ])('ends for %s with %i, as it is %s', async (type, expected, status) => {
    const { code, stdout, stderr } = await runCommand([
      'status',
      '--root',
      copyOfHost('debian-12'),
      '--condition',
      type,
    ]);

    expect([code, stderr]).toEqual([expected, '']);
    expect(stdout).toMatch(new RegExp(`^${type}=${status}, \\w+: .+\n$`, 'i'));
  });

  it('prints the condition alone as JSON', async () => {
    const args = ['status', '--root', copyOfHost('debian-12'), '--condition', 'Ready', '-o', 'json'];
    const { stdout } = await runCommand(args);

    expect(JSON.parse(stdout)).toMatchObject({ type: 'Ready', status: 'False', reason: 'DriftDetected' });
  });

  it('answers neither yes nor no for what is not reported or not known', async () => {
    const root = copyOfHost('debian-12');
    const spec = join(root, 'spec.yaml');
    writeFileSync(spec, 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec: {swap: {behavior: Disabled}}\n');

    const absent = await runCommand(['status', '--root', root, '-f', spec, '--condition', 'ModulesReady']);
    const misspelt = await runCommand(['status', '--root', root, '--condition', 'RebootRequred']);

    expect([absent.code, absent.stdout]).toEqual([1, '']);
    expect(absent.stderr).toContain('ModulesReady is not reported');
    expect([misspelt.code, misspelt.stderr]).toEqual([1, expect.stringContaining('Did you mean RebootRequired?')]);
  });
});

describe('nodeprep status --watch', () => {
  it('prints the time with each change, and nothing in between', async () => {
    const root = copyOfHost('debian-12');
    const machine = openMachine({ root });
    const io = { err: () => undefined, signal: new AbortController().signal } as never;
    const keys = [];
    for (const isFirst of [true, false]) keys.push((await currentStatus(machine, { files: [] }, { io, isFirst })).key);
    const watching = startNodeprep(['status', '--watch', '--root', root]);
    await expect.poll(() => watching.stdout().match(TIME), WAIT).toHaveLength(1);

    await runCommand(['bootstrap', '--root', root]);

    await expect.poll(() => watching.stdout(), WAIT).toContain('localhost: 5/15 entries in sync');
    expect(keys[0]).toBe(keys[1]);
    const prints = watching.stdout().split(TIME);
    expect(new Set(prints).size).toBe(prints.length);
  });
});

it('an entry that is wrong now and at the next boot shows both', async () => {
  const { stdout } = await runCommand(['status', '--root', copyOfHost('debian-12')]);

  expect(stdout).toMatch(/net\.ipv4\.ip_forward +1 +0, not persisted +PersistentDrift/);
  expect(stdout).toMatch(/vm\.panic_on_oom +0 +not persisted +PersistentDrift/);
});

it('every problem of a refused spec has a line of its own', () => {
  const message = 'Cannot use the spec: 2 problems:\na.yaml:3:1: first\na.yaml:4:1: second';
  const conditions = [aCondition({ status: 'False', reason: 'SpecInvalid', message })];
  const nodePrep = { ...nodePrepFrom(aNodeReport({ conditions })) };

  const text = renderStatus({ ...nodePrep, status: { ...nodePrep.status, conditions } }, paintFor(false), 120);

  expect(text).toContain('\na.yaml:3:1: first\na.yaml:4:1: second');
  expect(text).not.toContain('\u{fffd}');
});
