import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBackground } from '../../../../src/kubernetes/report/background.ts';
import { ApiError, ApiUnreachableError } from '../../../../src/kubernetes/client.ts';
import { createPace } from '../../../../src/kubernetes/report/pace.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A worker whose attempts give or throw what the test wants. */
function worker(work: () => number | undefined, random = 0.5) {
  const at: number[] = [];
  const start = Date.now();
  const retries: number[] = [];
  const stop = new AbortController();
  const background = createBackground({
    work: async () => {
      at.push(Date.now() - start);
      return work();
    },
    onError: (_, retryMs) => retries.push(retryMs),
    clock: () => Date.now(),
    random: () => random,
  });
  const done = background.run(stop.signal);
  return { at, retries, background, stop: () => (stop.abort(), done) };
}
const failing = (error: Error) => () => {
  throw error;
};
const answered = (code: number, retryAfterSeconds?: number) =>
  new ApiError('Cannot x', { code, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) });

describe('work in the background', () => {
  it('is done once at the start and once for any number of wake-ups', async () => {
    const { at, background, stop } = worker(() => undefined);
    await vi.advanceTimersByTimeAsync(1000);
    for (let n = 0; n < 10; n += 1) background.wake();
    await vi.advanceTimersByTimeAsync(60 * 60_000);
    await stop();

    expect(at).toEqual([0, 1000]);
  });

  it('is looked at again when it says so', async () => {
    const { at, stop } = worker(() => 5000);
    await vi.advanceTimersByTimeAsync(12_000);
    await stop();

    expect(at).toEqual([0, 5000, 10_000]);
  });

  it('is tried again later each time when nobody answers, however often it is woken', async () => {
    const { at, background, stop } = worker(failing(new ApiUnreachableError('nobody')));
    const waking = setInterval(() => background.wake(), 100);
    await vi.advanceTimersByTimeAsync(16_000);
    clearInterval(waking);
    await stop();

    expect(at).toEqual([0, 1000, 3000, 7000, 15_000]);
  });

  it('waits at least as long as the server asks, spread over a fleet', async () => {
    for (const [random, wait] of [
      [0, 60_000],
      [1, 90_000],
    ] as const) {
      const { retries, stop } = worker(failing(answered(429, 60)), random);
      await vi.advanceTimersByTimeAsync(10);
      await stop();
      expect(retries).toEqual([wait]);
    }
  });

  it('waits minutes after a refusal that only a person can end', async () => {
    for (const [code, least] of [
      [403, 200_000],
      [422, 200_000],
      [401, 0],
      [500, 0],
      [409, 0],
      [404, 0],
    ] as const) {
      const { retries, stop } = worker(failing(answered(code)));
      await vi.advanceTimersByTimeAsync(10);
      await stop();
      expect(retries[0]).toBeGreaterThanOrEqual(least);
      expect(retries[0]).toBeLessThan(least === 0 ? 2000 : 400_000);
    }
  });

  it('goes on soon, but not all at once, when what stood in its way is gone', async () => {
    for (const random of [0, 0.3, 0.9]) {
      const { at, background, stop } = worker(failing(answered(503, 600)), random);
      await vi.advanceTimersByTimeAsync(1000);
      background.hurry();
      await vi.advanceTimersByTimeAsync(11_000);
      await stop();
      expect(at.slice(0, 2)).toEqual([0, 1000 + random * 10_000]);
    }
  });

  it('ends at once when it is aborted', async () => {
    const { at, stop } = worker(failing(new Error('defect')));
    await vi.advanceTimersByTimeAsync(10);
    await stop();
    await vi.advanceTimersByTimeAsync(60_000);

    expect(at).toEqual([0]);
  });
});

describe('a pace', () => {
  it('lets a burst through with pauses, and then what is earned over time', () => {
    const pace = createPace({ clock: () => Date.now(), burst: 3, refillMs: 60_000, pauseMs: 1000 });
    const start = Date.now();
    const at: number[] = [];
    while (at.length < 6) {
      const wait = pace.waitMs();
      if (wait > 0) {
        vi.advanceTimersByTime(wait);
      } else {
        pace.took();
        at.push(Math.round((Date.now() - start) / 1000));
      }
    }

    expect(at).toEqual([0, 1, 2, 60, 120, 180]);
  });
});
