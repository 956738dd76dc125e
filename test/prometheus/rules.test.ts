/** The alert rules, judged by promtool: every alert fires when it must, and only then. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { RULE_GROUPS } from '../../scripts/prometheus/rules.ts';
import { type AlertRule, type RecordingRule } from '../../scripts/prometheus/rule.ts';
import { leaveOut } from '../support/leave-out.ts';
import { ALERT_CASES, type AlertCase } from './harness/alert-cases.ts';

const MANIFESTS = join(import.meta.dirname, '../../manifests/prometheus');
const RULES = join(MANIFESTS, 'rules.yaml');
const ALERTS: readonly AlertRule[] = RULE_GROUPS.flatMap(({ rules }) =>
  rules.filter((rule: AlertRule | RecordingRule): rule is AlertRule => 'alert' in rule),
);
const { promtool, skipped } = inject('prometheus');

beforeEach((context) => {
  if (skipped !== undefined) leaveOut(context, skipped);
});

function run(args: readonly string[], input?: string): { readonly code: number | null; readonly output: string } {
  const done = spawnSync(promtool, args, { encoding: 'utf8', ...(input === undefined ? {} : { input }) });
  return { code: done.status, output: `${done.stdout}${done.stderr}` };
}

function expectedOf(rule: AlertRule, { fires }: AlertCase): unknown {
  if (fires === undefined) return [];
  const { description, runbook_url } = rule.annotations;
  return [
    {
      exp_labels: { severity: rule.labels.severity, ...fires.labels },
      exp_annotations: { summary: fires.summary, description: fires.description ?? description, runbook_url },
    },
  ];
}

/** The case in the words of promtool. */
function unitTest(one: AlertCase): string {
  const rule = ALERTS.find(({ alert }) => alert === one.alert);
  if (rule === undefined) throw new Error(`There is no alert "${one.alert}".`);
  const silent = one.silentAt.map((at) => ({ eval_time: at, alertname: one.alert, exp_alerts: [] }));
  const firing =
    one.fires === undefined
      ? []
      : [{ eval_time: one.fires.at, alertname: one.alert, exp_alerts: expectedOf(rule, one) }];
  const input_series = Object.entries(one.series).map(([series, values]) => ({ series, values }));
  return JSON.stringify({
    rule_files: [RULES],
    evaluation_interval: '1m',
    tests: [{ interval: '1m', input_series, alert_rule_test: [...silent, ...firing] }],
  });
}

describe('the rules', () => {
  test('are free of mistakes, and of what promtool warns about', () => {
    expect(run(['check', 'rules', '--lint=all', '--lint-fatal', RULES])).toMatchObject({ code: 0 });
  });

  test('are the same for Prometheus and for its operator', () => {
    const object = parse(readFileSync(join(MANIFESTS, 'prometheus-rule.yaml'), 'utf8')) as { readonly spec: unknown };

    expect(object.spec).toEqual(parse(readFileSync(RULES, 'utf8')));
  });

  test('are part of a configuration that Prometheus takes, as the one for a plain Prometheus is', () => {
    const config = parse(readFileSync(join(MANIFESTS, 'without-operator.yaml'), 'utf8')) as {
      scrape_configs: Record<string, unknown>[];
    };
    const folder = mkdtempSync(join(tmpdir(), 'nodeprep-config-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    // Debian builds Prometheus without the discovery of Kubernetes, and checks that files exist.
    for (const job of config.scrape_configs) delete job['kubernetes_sd_configs'];
    const token = join(folder, 'token');
    writeFileSync(token, 'token');
    const text = JSON.stringify(config).replaceAll(/\/var\/run\/secrets[^"]+/g, token);
    writeFileSync(join(folder, 'rules.yaml'), readFileSync(RULES));
    writeFileSync(join(folder, 'prometheus.yml'), text);

    expect(run(['check', 'config', join(folder, 'prometheus.yml')])).toMatchObject({ code: 0 });
  });
});

describe('every alert', () => {
  test.each(ALERTS)('$alert has a runbook with what an administrator needs', ({ alert, annotations }) => {
    const path = join('docs/runbooks', `${alert}.md`);

    expect(annotations.runbook_url).toMatch(new RegExp(`/docs/runbooks/${alert}\\.md$`));
    expect(existsSync(path)).toBe(true);
    const text = readFileSync(path, 'utf8');
    expect(text).toMatch(new RegExp(`^# ${alert}\\n`));
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual([
      'Meaning',
      'Impact',
      'Diagnosis',
      'Mitigation',
    ]);
    expect(text).toContain('```sh');
  });

  test('is in the list of the runbooks, with its severity and delay', () => {
    const listed = readFileSync('docs/runbooks/README.md', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| ['));

    expect(listed).toEqual(
      ALERTS.map((rule) => `| [${rule.alert}](${rule.alert}.md) | ${rule.labels.severity} | ${rule.for} |`),
    );
  });

  test.each(ALERTS)('$alert has a case in which it fires and one in which it does not', ({ alert, annotations }) => {
    const cases = ALERT_CASES.filter((one) => one.alert === alert);

    expect(cases.some(({ fires }) => fires !== undefined)).toBe(true);
    expect(cases.some(({ fires }) => fires === undefined)).toBe(true);
    if (annotations.description.includes('{{')) {
      expect(cases.some(({ fires }) => fires?.description !== undefined)).toBe(true);
    }
  });
});

describe('an alert', () => {
  test.each(ALERT_CASES.map((one) => ({ ...one, verb: one.fires === undefined ? 'stays silent for' : 'fires for' })))(
    '$alert $verb $name',
    (one) => {
      const folder = mkdtempSync(join(tmpdir(), 'nodeprep-rules-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const file = join(folder, 'test.yaml');
      writeFileSync(file, unitTest(one));

      const { code, output } = run(['test', 'rules', file]);

      expect(output).toContain('SUCCESS');
      expect(code).toBe(0);
    },
  );
});
