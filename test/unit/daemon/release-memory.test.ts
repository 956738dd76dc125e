import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMemoryRelease } from '../../../src/daemon/release-memory.ts';
import type { NodeReport } from '../../../src/reconcile/node-report.ts';

const report = {} as NodeReport;
const { signal } = new AbortController();

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('memory is given back once, when the first report is some seconds old', async () => {
  const release = vi.fn();
  const sink = createMemoryRelease(release);
  await sink.publish(report, signal);
  expect(release).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(3000);
  expect(release).toHaveBeenCalledTimes(1);
  await sink.publish(report, signal);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(release).toHaveBeenCalledTimes(1);
});

test('a Node that cannot give memory back is left alone', async () => {
  const sink = createMemoryRelease(undefined);
  await expect(sink.publish(report, signal)).resolves.toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});
