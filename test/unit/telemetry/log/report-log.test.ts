import { expect, test } from 'vitest';
import { createReportLog } from '../../../../src/telemetry/log/report-log.ts';
import { createLogger, type Logger } from '../../../../src/telemetry/log/logger.ts';
import { aChange, anAreaReport, aNodeReport } from '../../../support/reports.ts';

/** What people read in the journal, and what programs read in a pod. */
function written(act: (log: ReturnType<typeof createReportLog>) => void) {
  const [text, json]: [string[], string[]] = [[], []];
  for (const [lines, format] of [
    [text, 'text'],
    [json, 'json'],
  ] as const) {
    const stream = { write: (line: string) => lines.push(line), isJournal: format === 'text' };
    act(createReportLog(createLogger({ stream, env: {}, format })));
  }
  return { text: text.join(''), json: json.map((line) => JSON.parse(line)) };
}

test('a correction is one sentence that says what was, what is, and how it was noticed', () => {
  const changes = [aChange('net.ipv4.ip_forward')];

  const first = written((log) => log.onStep({ type: 'applied', area: 'sysctls', changes }, 'start'));
  const drift = written((log) => log.onStep({ type: 'applied', area: 'sysctls', changes }, 'event'));

  expect(first.text).toBe('<6>net.ipv4.ip_forward was 0, set to 1\n');
  expect(drift.text).toBe('<6>Drift corrected: net.ipv4.ip_forward was 0, set to 1 (noticed by event)\n');
  expect(drift.json).toMatchObject([
    {
      area: 'sysctls',
      source: 'event',
      action: 'update',
      target: 'net.ipv4.ip_forward',
      from: '0',
      to: '1',
      scope: 'live',
    },
  ]);
});

test.each([
  [aChange('br_netfilter', { action: 'load', from: 'absent', to: 'loaded' }), 'br_netfilter loaded'],
  [aChange('/dev/vda2', { action: 'disable', from: '1 GiB', to: 'off' }), '/dev/vda2 changed: 1 GiB → off'],
  [
    aChange('zram.service', { action: 'disable', from: 'active', to: 'stopped' }),
    'zram.service was active, now stopped',
  ],
  [aChange('systemd', { action: 'restart', from: 'older unit files', to: 'reloaded' }), 'systemd reloaded'],
])('%j reads as a sentence', (change, sentence) => {
  const { text } = written((log) => log.onStep({ type: 'applied', area: 'swap', changes: [change] }, 'start'));

  expect(text).toBe(`<6>${sentence}\n`);
});

test('what one file changes for the next boot is one line', () => {
  const { from: _, ...created } = aChange('kernel.panic', { action: 'create', to: '10', scope: 'persistent' });
  const changes = [created, { ...created, target: 'vm.swappiness', to: '5' }];

  const { text, json } = written((log) => log.onStep({ type: 'applied', area: 'sysctls', changes }, 'start'));

  expect(text).toBe('<6>For the next boot: kernel.panic set to 10; vm.swappiness set to 5\n');
  expect(json).toMatchObject([{ scope: 'persistent', targets: ['kernel.panic', 'vm.swappiness'] }]);
});

test('findings that differ in nothing but their entry are one line, each entry once', async () => {
  const finding = { reason: 'ApplyFailed', message: 'The file system is read-only.' } as const;
  const reports = [['a.b'], ['a.b', 'c.d', 'e.f']].map((targets) =>
    aNodeReport({
      areas: [anAreaReport({ failures: targets.map((target) => ({ target, ...finding })) })],
      conditions: [],
    }),
  );
  const lines: string[] = [];
  const log = createReportLog(
    createLogger({ stream: { write: (line) => lines.push(line), isJournal: true }, env: {} }),
  );

  for (const report of reports) await log.publish(report, new AbortController().signal);

  expect(lines).toEqual([
    '<4>a.b is not as declared, failed, ApplyFailed: The file system is read-only.\n',
    '<4>c.d, e.f are not as declared, failed, ApplyFailed: The file system is read-only.\n',
  ]);
});

test('the stack of a bug is logged once, at level error', async () => {
  const lines: [string, string, unknown][] = [];
  const logger = Object.fromEntries(
    (['debug', 'info', 'warn', 'error'] as const).map((level) => [
      level,
      (message: string, fields: Record<string, unknown> = {}) => lines.push([level, message, fields['stack']]),
    ]),
  ) as unknown as Logger;
  const log = createReportLog(logger);
  const bug = new TypeError('x is not a function');
  const failing = () => aNodeReport({ areas: [anAreaReport({ defects: [bug] })] });

  await log.publish(failing(), new AbortController().signal);
  await log.publish(failing(), new AbortController().signal);

  expect(lines.filter(([level]) => level === 'error')).toEqual([
    ['error', 'Internal error, please report it', expect.stringContaining('report-log.test.ts')],
  ]);
});
