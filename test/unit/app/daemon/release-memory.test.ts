import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMemoryRelease } from '../../../../src/app/daemon/release-memory.ts';
import type { NodeReport } from '../../../../src/reconcile/report/node-report.ts';

const MB = 2 ** 20;
const report = {} as NodeReport;
const { signal } = new AbortController();

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An engine in which `live` bytes are in use, and garbage can be added. */
function engine(liveAtFirst: number) {
  const collected: string[] = [];
  let live = liveAtFirst;
  let used = live;
  return {
    collected,
    allocate: (bytes: number) => (used += bytes),
    keep: (bytes: number) => (live += bytes),
    memory: {
      usedBytes: () => used,
      collect: (extent: string) => {
        collected.push(extent);
        used = live;
      },
    },
  };
}

async function started(live = 12 * MB) {
  const made = engine(live);
  const sink = createMemoryRelease(made.memory);
  await sink.publish(report, signal);
  await vi.advanceTimersByTimeAsync(3000);
  const publish = async () => {
    await sink.publish(report, signal);
    await vi.advanceTimersByTimeAsync(250);
  };
  return { ...made, publish };
}

test('memory is given back when the first report is some seconds old', async () => {
  const { memory, collected } = engine(12 * MB);
  const sink = createMemoryRelease(memory);
  await sink.publish(report, signal);
  await sink.publish(report, signal);
  expect(collected).toEqual([]);
  await vi.advanceTimersByTimeAsync(3000);
  expect(collected).toEqual(['all']);
});

test('quiet reports cost nothing', async () => {
  const { collected, publish } = await started();
  for (let n = 0; n < 3600; n += 1) await publish();
  await vi.advanceTimersByTimeAsync(60 * 60_000);
  expect(collected).toHaveLength(1);
});

test('a burst of work never leaves more than two megabytes behind', async () => {
  const { memory, collected, allocate, publish } = await started();
  for (let n = 0; n < 100; n += 1) {
    allocate(0.2 * MB);
    await publish();
    expect(memory.usedBytes()).toBeLessThan(14 * MB);
  }
  expect(collected.length).toBeLessThan(20);
});

test('what piles up without a report is collected as well, such as by connections that are lost', async () => {
  const { memory, allocate } = await started();
  for (let n = 0; n < 100; n += 1) {
    allocate(0.3 * MB);
    await vi.advanceTimersByTimeAsync(5250);
    expect(memory.usedBytes()).toBeLessThan(14 * MB);
  }
});

test('what was in use at a collection and is not any more does not count as grown', async () => {
  const { memory, allocate, keep, publish } = await started();
  allocate(8 * MB);
  keep(8 * MB);
  await publish();
  allocate(-8 * MB);
  keep(-8 * MB);
  await publish();
  allocate(2 * MB);
  await publish();
  expect(memory.usedBytes()).toBe(12 * MB);
});

test('nothing is collected in the moment after a report, when more may have to be repaired', async () => {
  const { memory, collected, allocate } = await started();
  const sink = createMemoryRelease(memory);
  await sink.publish(report, signal);
  await vi.advanceTimersByTimeAsync(3000);
  allocate(3 * MB);
  await sink.publish(report, signal);
  await vi.advanceTimersByTimeAsync(100);
  expect(collected).toEqual(['all', 'all']);
  await vi.advanceTimersByTimeAsync(200);
  expect(collected).toEqual(['all', 'all', 'most']);
});

test('memory that is in use is not collected for again and again', async () => {
  const { collected, allocate, keep, publish } = await started();
  allocate(5 * MB);
  keep(5 * MB);
  for (let n = 0; n < 100; n += 1) await publish();
  expect(collected).toEqual(['all', 'most']);
});

test('a Node that cannot give memory back is left alone', async () => {
  const sink = createMemoryRelease(undefined);
  await expect(sink.publish(report, signal)).resolves.toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});
