/**
 * Loaded before each test file: fails a file that takes longer than the suite can afford. By the time that it needs
 * and not by the clock, so that a busy machine fails nothing. `TEST_FILE_SECONDS` is another limit, for runs by hand
 * that are made longer; `TEST_TIMES` is a file that gets a line for each test file.
 */
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { afterAll, expect } from 'vitest';
import { quietSeconds, usageNow } from './file-time.ts';

const LIMIT = Number(process.env['TEST_FILE_SECONDS'] ?? 30);
const LIST = process.env['TEST_TIMES'];

const started = usageNow();
afterAll(() => {
  const now = usageNow();
  const seconds = quietSeconds(started, now);
  const name = relative(process.cwd(), expect.getState().testPath ?? '');
  if (LIST !== undefined) {
    const figures = [seconds, now.wall - started.wall, now.cpu - started.cpu].map((each) => each.toFixed(1));
    appendFileSync(LIST, `${figures.join(' ')} ${name}\n`);
  }
  if (seconds > LIMIT)
    throw new Error(
      `${name} takes ${seconds.toFixed(0)} s on a quiet machine; at most ${LIMIT} s: give what it waits for a clock, run commands inside the test, or split it.`,
    );
});
