/** A new area is a file in api/parts, a folder in areas and two keys: everything else follows. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { copyWithToyArea } from '../support/toy-copy.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** What the copy says about its area, told by one program that uses the sources as the daemon and the scripts do. */
const PROGRAM = `
import { loadSpec } from './src/api/spec/load.ts';
import { loadObject } from './src/api/spec/load-object.ts';
import { limitProblems, parseLimits } from './src/api/spec/limits.ts';
import { sourceFrom } from './src/api/spec/expand.ts';
import { emptySpec } from './src/api/spec/nodeprep.ts';
import { renderProblem } from './src/api/yaml/errors.ts';
import { everyArea } from './src/areas/index.ts';
import { MemoryHost } from './src/host/memory/memory-host.ts';
import { eventsFrom } from './src/kubernetes/report/derive-events.ts';
import { openLedger } from './src/reconcile/ledger/ledger.ts';
import { sweepUnfinished } from './src/reconcile/ledger/sweep.ts';
import { createEngine } from './src/reconcile/loop/engine.ts';
import { manage } from './src/reconcile/pass/pass.ts';
import { createMetrics } from './src/telemetry/metrics/metrics.ts';
import { nodePrepCrd } from './scripts/crd/crd.ts';
import { conditionsReference } from './scripts/reference/conditions.ts';
import { metricsReference } from './scripts/reference/metrics.ts';
import { specReference } from './scripts/reference/spec.ts';

const head = 'apiVersion: nodeprep.dev/v1alpha1\\nkind: NodePrep\\nspec:\\n';
const file = (file, spec) => ({ file, contents: head + spec });
const problemsOf = (load) => {
  try {
    load();
    return [];
  } catch (error) {
    return error.problems.map(renderProblem);
  }
};
const main = file('a.yaml', '  areaModes: {greeting: Enforce}\\n  greeting:\\n    language: de\\n    people: [{name: Alice, text: Hallo}]\\n    weights: {a: 1}\\n');
const dropIn = file('b.yaml', '  greeting:\\n    people: [{name: bob, text: Hi}, {name: alice, text: Hallo}]\\n    tags: [x]\\n    weights: {b: 2}\\n');
const { spec, source } = loadSpec([main, dropIn]);
const object = loadObject({ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', metadata: { name: 'n' }, spec: source }, 'nodepreps/n');

const host = new MemoryHost({ '/etc/greetings/.bob.nodeprep.tmp': 'half', '/etc/greetings/alice': 'Servus' }, { kernel: 'running' });
const areas = everyArea(manage);
await sweepUnfinished(host, areas);
const afterSweep = host.toString();
const ledger = await openLedger(host, () => new Date(0));
const parts = { areas, host, clock: () => 0, now: () => new Date(0), ledger };
const metrics = createMetrics({ version: '1', probes: areas.flatMap((area) => area.gauges ?? []).map((gauge) => ({ ...gauge, read: () => gauge.read(host) })) });
const signal = new AbortController().signal;
const only = (spec) => ({ name: 'n', generation: 1, revision: JSON.stringify(spec), spec, source: sourceFrom(spec) });
const look = await createEngine({ ...parts, dryRun: true }).round({ snapshot: only(spec), cause: 'start' }, signal);
const engine = createEngine(parts);
const applied = await engine.round({ snapshot: only(spec), cause: 'start' }, signal);
await metrics.publish(applied, signal);
const rendered = (await metrics.render()).split('\\n');
const files = host.toString();
const removed = await engine.round({ snapshot: only(emptySpec('Restore')), cause: 'spec' }, signal);

const toy = (report) => report.areas.find((area) => area.area === 'greeting');
const readyOf = (report) => report.conditions.find((one) => one.type === 'GreetingReady');
console.log(JSON.stringify({
  spec: spec.greeting,
  sameFromCluster: JSON.stringify(object.spec) === JSON.stringify(spec),
  disagreement: problemsOf(() => loadSpec([main, dropIn, file('c.yaml', '  greeting:\\n    people: [{name: alice, text: Moin}]\\n    tags: [z]\\n    language: en\\n    weights: {a: 2}\\n')])),
  invalid: problemsOf(() => loadSpec([file('d.yaml', '  greeting:\\n    people: [{name: a1, text: x}]\\n  areaModes: {greting: Audit}\\n')])),
  limits: limitProblems(spec, parseLimits('limits.yaml', 'apiVersion: nodeprep.dev/v1alpha1\\nkind: NodePrepLimits\\ngreeting: {deny: [b*]}\\n'), 'nodepreps/n').map(renderProblem),
  notAllowed: limitProblems(spec, parseLimits('limits.yaml', 'apiVersion: nodeprep.dev/v1alpha1\\nkind: NodePrepLimits\\nareas: []\\n'), 'nodepreps/n').map((one) => one.path),
  planned: toy(look).drift.map(({ action, target }) => action + ' ' + target),
  afterSweep: afterSweep.includes('.tmp'),
  applied: toy(applied).applied.length,
  files,
  condition: readyOf(look).status + ' then ' + readyOf(applied).status,
  events: eventsFrom(applied, new Set()).facts.filter(({ message }) => message.startsWith('greeting')),
  metrics: rendered.filter((line) => /area="greeting",mode="Enforce"|greeting_files |type="GreetingReady",status="True"/.test(line)),
  status: applied.status.areas.find((area) => area.name === 'greeting'),
  removed: host.toString().includes('/etc/greetings/bob'),
  leftInLedger: ledger.memory('greeting').size,
  crd: nodePrepCrd(),
  conditions: conditionsReference(),
  metricsPage: metricsReference(),
  specPage: specReference(),
}));
`;

describe('an area that is added by its file, its folder and two keys', () => {
  let seen: Record<string, unknown> & { readonly [key in 'crd' | 'files' | 'specPage']: string };
  let copy: ReturnType<typeof copyWithToyArea>;

  beforeAll(async () => {
    copy = copyWithToyArea();
    const { stdout, stderr } = await copy.runSource(PROGRAM);
    expect(stderr).toBe('');
    seen = JSON.parse(stdout);
  });

  afterAll(() => copy.remove());

  test('is what the compiler wants, without another edit', async () => {
    expect(await copy.compilerProblems()).toBe('');
  });

  test('is merged field by field from files, and read from the cluster as well', () => {
    expect(seen['spec']).toEqual({
      language: 'de',
      people: [
        { name: 'alice', text: 'Hallo' },
        { name: 'bob', text: 'Hi' },
      ],
      tags: ['x'],
      weights: { a: 1, b: 2 },
    });
    expect(seen['sameFromCluster']).toBe(true);
  });

  test('is refused with places when documents disagree or are wrong', () => {
    expect(seen['disagreement']).toEqual([
      expect.stringContaining('spec.greeting.people[0]: two documents disagree about "alice": a.yaml:7'),
      expect.stringContaining(
        'spec.greeting.tags: two documents disagree about spec.greeting.tags: b.yaml:6 has ["x"], c.yaml:6 has ["z"]',
      ),
      expect.stringContaining('spec.greeting.language: two documents disagree'),
      expect.stringContaining('spec.greeting.weights.a: two documents disagree'),
    ]);
    expect(seen['invalid']).toEqual([
      'd.yaml:5:21: spec.greeting.people[0].name: "a1" is not a person',
      expect.stringContaining('unknown field "greting" (did you mean "greeting"?)'),
    ]);
  });

  test('is held to the limits of the host', () => {
    expect(seen['limits']).toEqual([expect.stringContaining('spec.greeting.people[name=bob]: "bob" is beyond')]);
    expect(seen['notAllowed']).toEqual(['spec.greeting']);
  });

  test('is planned, applied, reported and taken back', () => {
    expect(seen).toMatchObject({
      planned: ['update alice', 'create bob'],
      afterSweep: false,
      applied: 2,
      condition: 'False then True',
      events: [{ type: 'Normal', reason: 'Applied', message: 'greeting: applied alice, bob' }],
      metrics: expect.arrayContaining([
        'nodeprep_greeting_files 2',
        'nodeprep_area_mode{area="greeting",mode="Enforce"} 1',
        'nodeprep_condition{type="GreetingReady",status="True"} 1',
      ]),
      status: { state: 'InSync' },
      removed: false,
      leftInLedger: 0,
    });
    expect(seen.files).toContain('Hallo');
  });

  test('is in the definition and in the references', () => {
    const part = /^ {16}greeting:\n(?<text>(?: {17,}.*\n)*)/m.exec(seen.crd)?.groups?.['text'] ?? '';

    expect(part).toContain('description: Who is greeted on this host.');
    expect(part).toContain('x-kubernetes-list-type: map');
    expect(part).toContain('pattern: ^[A-Za-z]+$');
    expect(seen.crd).toContain('description: Mode of greetings.');
    expect(seen.specPage).toContain('`spec.greeting.people[].text`');
    expect(seen['conditions']).toContain('| `GreetingReady` | Everybody is greeted as declared. |');
    expect(seen['conditions']).toContain('| `NobodyThere` |');
    expect(seen['metricsPage']).toContain('`nodeprep_greeting_files`');
  });

  test('is known to every command', async () => {
    const root = mkdtempSync(join(tmpdir(), 'nodeprep-toy-root-'));
    try {
      mkdirSync(join(root, 'etc/nodeprep'), { recursive: true });
      const spec =
        'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n  greeting:\n    people: [{name: alice, text: Hallo}]\n';
      writeFileSync(join(root, 'etc/nodeprep/nodeprep.yaml'), spec);
      const json = async (...args: readonly string[]) =>
        JSON.parse((await copy.nodeprep(...args, '--root', root, '-o', 'json')).stdout);
      const fileOf = () => readFileSync(join(root, 'etc/greetings/alice'), 'utf8');

      await copy.nodeprep('bootstrap', '--root', root);

      expect(fileOf()).toBe('Hallo');
      expect(await json('explain', '@Alice')).toMatchObject({ area: 'greeting', name: 'alice', desired: 'Hallo' });
      expect((await json('verify')).checks).toContainEqual(
        expect.objectContaining({ title: 'greeted: alice', outcome: 'pass' }),
      );
      expect((await copy.nodeprep('greeting', 'hello', '--root', root)).stdout).toBe('hello\n');
      await copy.nodeprep('capture', join(root, 'copy'), '--root', root);
      expect(readFileSync(join(root, 'copy/root/etc/greetings/alice'), 'utf8')).toBe('Hallo');
      await copy.nodeprep('uninstall', '--root', root);
      expect(fileOf).toThrow('ENOENT');
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
