import { expect, test } from 'vitest';
import { createReportLog } from '../../../../src/telemetry/log/report-log.ts';
import type { Logger } from '../../../../src/telemetry/log/logger.ts';
import { anAreaReport, aNodeReport } from '../../../support/reports.ts';

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
