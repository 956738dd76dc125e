/**
 * The agent as a process, a real Prometheus that scrapes it, and the question whether every query of the
 * dashboard and every rule finds something. Two captured hosts are drifted on purpose, one of them so that changes fail.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { parse } from 'yaml';
import { AREA_NAMES } from '../../src/api/parts/parts.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import { leaveOut } from '../support/leave-out.ts';
import { agentOn, type Agent } from './harness/agent.ts';
import { freePort, type PrometheusServer, type Series, startPrometheus } from './harness/prometheus-server.ts';

const MANIFESTS = join(import.meta.dirname, '../../manifests/prometheus');
const RULES = join(MANIFESTS, 'rules.yaml');
const WAIT = { timeout: 60_000, interval: 500 };
const { prometheus, promtool, skipped } = inject('prometheus');

interface Target {
  readonly expr?: string;
  readonly instant?: boolean;
}
interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly type: string; readonly targets?: readonly Target[] }[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr?: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}
interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
}
const dashboard = JSON.parse(readFileSync(join(MANIFESTS, 'dashboard.json'), 'utf8')) as Dashboard;
const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

/** Panels that need not have data here, with the reason; empty is best. */
const WITHOUT_DATA: Readonly<Record<string, string>> = {};

/** As Grafana does it: the shorter name must not eat the beginning of the longer one. */
function substituted(expr: string, by: 'node' | 'instance', node: string): string {
  const values: Readonly<Record<string, string>> = {
    cluster: '.*',
    job: 'nodeprep',
    by,
    node,
    __rate_interval: '20s',
    __interval: '10s',
    __range: '5m',
  };
  return expr.replaceAll(/\$\{?(\w+)\}?/g, (whole, name: string) => values[name] ?? whole);
}

let server: PrometheusServer;
const agents: Agent[] = [];
let startedAt = 0;

beforeEach((context) => {
  if (skipped !== undefined) leaveOut(context, skipped);
});

beforeAll(async () => {
  if (skipped !== undefined) return;
  const ports = [await freePort(), await freePort()] as const;
  const [one, other] = [agentOn('debian-12', ports[0], { inCluster: true }), agentOn('debian-13', ports[1])];
  agents.push(one, other);
  startedAt = Date.now() / 1000;
  server = await startPrometheus(prometheus, join(one.folder, 'prometheus'), {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [RULES],
    scrape_configs: [
      {
        job_name: 'nodeprep',
        static_configs: [
          { targets: [`127.0.0.1:${ports[0]}`], labels: { node: 'worker-1' } },
          { targets: [`127.0.0.1:${ports[1]}`], labels: { node: 'worker-2' } },
        ],
      },
    ],
  });
  // Rates need the numbers from before.
  await until('count(nodeprep_rounds_total{result="success"} > 0)', 2);
  await causeDrift(one);
  causeFailures(other);
  await until('sum(nodeprep_drift_repair_seconds_count)', 2);
  await until('sum(nodeprep_apply_total{result="failure"})', 1);
  // On a busy machine the first requests are over before Prometheus looks for the first time; what counts is the next one.
  await until('count(increase(nodeprep_kube_requests_total{code="error"}[20s]) > 0)', 1);
  await until('max(nodeprep_spec_generation{node="worker-2"})', 2);
  // One more, so that the newest seconds of the graphs are not empty either.
  await causeDrift(one);
  await until('sum(nodeprep_drift_repair_seconds_count)', 4);
}, 240_000);

afterAll(async () => {
  await server?.stop();
  await Promise.all(agents.map((agent) => agent.stop()));
});

const value = (series: readonly Series[]) => series[0]?.values.at(-1) ?? 0;
const hasData = (series: readonly Series[]) => series.some(({ values }) => values.length > 0);

/** Waits until the newest value of a query is as large. */
async function until(query: string, least: number): Promise<void> {
  await vi.waitFor(async () => {
    const found = value(await server.now(query));
    if (found < least)
      throw new Error(
        `${query} is ${found}, not ${least}\n${agents.map((agent) => agent.output().slice(-2000)).join('\n')}`,
      );
  }, WAIT);
}

function changeSpec(agent: Agent): void {
  appendFileSync(agent.specFile, '    - {name: vm.swappiness, value: 10}\n');
}

/** Removes our files, each once: the same one three times would be a fight. */
async function causeDrift(agent: Agent): Promise<void> {
  for (const name of ['etc/modules-load.d/nodeprep.conf', 'etc/sysctl.d/99-zz-nodeprep.conf']) {
    const path = join(agent.root, name);
    const text = readFileSync(path, 'utf8');
    rmSync(path);
    await vi.waitFor(() => {
      if (statSync(path, { throwIfNoEntry: false })?.size !== text.length) throw new Error(`${name} is not back`);
    }, WAIT);
  }
}

/** A link where our file has to be, through which nothing is written, and a file of another program that beats ours. */
function causeFailures(agent: Agent): void {
  const path = join(agent.root, 'etc/modules-load.d/nodeprep.conf');
  rmSync(path);
  symlinkSync('/etc/hostname', path);
  writeFileSync(join(agent.root, 'etc/sysctl.d/zzz-foreign.conf'), 'net.ipv4.ip_forward = 0\n');
  changeSpec(agent);
}

describe('the metrics of a running agent', () => {
  test('have nothing that promtool finds wrong', async () => {
    for (const { port } of agents) {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const done = spawnSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' });

      expect(`${done.stdout}${done.stderr}`).toBe('');
      expect(done.status).toBe(0);
      expect(text).toMatch(/^nodeprep_entries\{.* [1-9]/m);
    }
  });

  test('are scraped without a loss, and are the ones of the reference', async () => {
    const targets = async () =>
      ((await server.get('/api/v1/targets')) as { activeTargets: { health: string; lastError: string }[] })
        .activeTargets;
    const names = (await server.get('/api/v1/label/__name__/values')) as readonly string[];
    const reference = createMetrics({ version: '1' });
    reference.cluster();
    const described = reference.describe();

    // A scrape that took longer than its second is made up for by the next.
    await expect.poll(targets, WAIT).toMatchObject([
      { health: 'up', lastError: '' },
      { health: 'up', lastError: '' },
    ]);
    for (const { name, type } of described) {
      const series = type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
      expect(names).toEqual(expect.arrayContaining(series));
    }
    expect(await server.now('{exported_node!=""} or {exported_job!=""} or {exported_instance!=""}')).toEqual([]);
  });

  test('are few: a fleet of thousands has them too', async () => {
    const samples = await server.now('max(scrape_samples_post_metric_relabeling)');

    expect(value(samples)).toBeLessThan(70 * AREA_NAMES.length);
  });
});

describe('the dashboard', () => {
  const targets = dashboard.panels.flatMap(({ title, targets: list = [] }) =>
    list.map((target, at) => ({ title: `${title} (${at})`, panel: title, ...target })),
  );
  /** The first is in a cluster, whose API server is away; only the other one gives its specs numbers. */
  const nodes = {
    node: () => ['worker-1', 'worker-2'],
    instance: () => agents.map(({ port }) => `127.0.0.1:${port}`),
  } as const;
  /** Whether the query finds something for one of the nodes. */
  async function isAnswered(expr: string, by: 'node' | 'instance', isInstant: boolean): Promise<boolean> {
    for (const node of nodes[by]()) {
      const query = substituted(expr, by, node);
      if (query.includes('$')) throw new Error(`A variable is left: ${query}`);
      if (hasData(isInstant ? await server.now(query) : await server.since(startedAt, query))) return true;
    }
    return false;
  }

  test('has queries in every panel that is not text', () => {
    const empty = dashboard.panels.filter(
      ({ type, targets: list }) => type !== 'row' && type !== 'text' && !list?.length,
    );

    expect(empty.map(({ title }) => title)).toEqual([]);
    expect(targets.length).toBeGreaterThan(40);
  });

  describe.each(['node', 'instance'] as const)('with nodes named by %s', (by) => {
    test.each(targets)('$title has data', async ({ panel, expr = '', instant }) => {
      const isEmpty = WITHOUT_DATA[panel] !== undefined;

      expect((await isAnswered(expr, by, instant === true)) || isEmpty, expr).toBe(true);
    });

    test.each(dashboard.annotations.list)('annotation "$name" has data', async ({ expr = '' }) => {
      expect(await isAnswered(expr, by, false), expr).toBe(true);
    });

    test('finds values for its variables', async () => {
      for (const { name, definition } of dashboard.templating.list) {
        const [, metric, label] = /^label_values\((.+), ([\w$]+)\)$/.exec(substituted(definition ?? '', by, '')) ?? [];
        if (metric === undefined || label === undefined) continue;
        const found = (await server.get(
          `/api/v1/label/${label}/values?match[]=${encodeURIComponent(metric)}`,
        )) as readonly string[];

        // A single cluster has no label of that name: its variable stays at All.
        expect(found.length > 0 || name === 'cluster', name).toBe(true);
      }
    });
  });

  test('shows what was done to the hosts', async () => {
    const at = (title: string) =>
      substituted(targets.find(({ panel }) => panel === title)?.expr ?? '', 'node', 'worker-1');

    await expect.poll(async () => value(await server.now(at('Nodes'))), WAIT).toBe(2);
    expect(value(await server.now(at('Waiting for a reboot')))).toBeGreaterThan(0);
    expect(value(await server.now(at('Degraded')))).toBe(1);
    expect(value(await server.now(at('Conflicting')))).toBe(1);
    expect((await server.now(at('Worst: failed changes'))).map(({ metric }) => metric['node'])).toEqual(['worker-2']);
    expect((await server.now(at('Worst: drift'))).map(({ metric }) => metric['node'])).toContain('worker-1');
    expect(value(await server.now(at('Repaired within a second')))).toBeGreaterThan(0);
  });
});

describe('the rules', () => {
  test('are all evaluated without an error', async () => {
    const { groups } = (await server.get('/api/v1/rules')) as {
      groups: { rules: { name: string; health: string; lastError?: string }[] }[];
    };
    const broken = groups.flatMap((group) => group.rules).filter(({ health }) => health !== 'ok');

    expect(broken).toEqual([]);
    expect(groups.flatMap((group) => group.rules)).toHaveLength(rules.length);
  });

  test.each(rules.filter(({ record }) => record !== undefined))('$record is recorded', async ({ record = '' }) => {
    expect(hasData(await server.now(record)), record).toBe(true);
  });

  // kube-state-metrics does not run here; promtool tries the alert on its series.
  const ours = rules.filter(({ expr }) => !/\bkube_/.test(expr));
  test.each(ours.map(({ record, alert = record, expr }) => ({ alert, expr })))(
    'every series that $alert speaks of exists',
    async ({ expr }) => {
      const selectors = [...expr.matchAll(/\b(?:(?:nodeprep|process|cluster_job)[\w:]*|up)\b(?:\{[^}]*\})?/g)].map(
        ([text]) => text,
      );
      // absent() speaks of what must not be missing, and group labels look like series.
      const series = selectors.filter((text) => !/^(cluster|job|instance)$/.test(text));

      expect(series.length).toBeGreaterThan(0);
      for (const selector of series) expect(hasData(await server.now(selector)), selector).toBe(true);
    },
  );

  test('tell of what was done to the hosts', async () => {
    const pending = async () =>
      (await server.now('ALERTS')).map(({ metric }) => `${metric['alertname']} ${metric['node']}`);

    await expect
      .poll(pending, WAIT)
      .toEqual(
        expect.arrayContaining([
          'NodePrepDegraded worker-2',
          'NodePrepConflicting worker-2',
          'NodePrepRebootRequired worker-1',
        ]),
      );
  });
});
