import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ApiError, ApiUnreachableError } from '../../../../src/kubernetes/client.ts';
import { watchDelayMs } from '../../../../src/kubernetes/object/watch-delay.ts';

const chance = fc.double({ min: 0, max: 1, noNaN: true });
const busy = (retryAfterSeconds: number) => new ApiError('Cannot GET', { code: 429, retryAfterSeconds });

describe('the delay before the next attempt', () => {
  test('doubles from half a second to thirty', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((failures) => watchDelayMs(failures, 1));

    expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('is spread over its second half, so that a fleet does not come back in step', () => {
    expect(watchDelayMs(5, 0)).toBe(4000);
    expect(watchDelayMs(5, 0.5)).toBe(6000);
  });

  test('is spread over a second when nothing failed', () => {
    expect([watchDelayMs(0, 0), watchDelayMs(0, 1)]).toEqual([0, 1000]);
  });

  test('is never shorter than what the server asks for, up to five minutes', () => {
    fc.assert(
      fc.property(fc.nat(100), chance, fc.integer({ min: 1, max: 100_000 }), (failures, random, asked) => {
        const delay = watchDelayMs(failures, random, busy(asked));

        expect(delay).toBeGreaterThanOrEqual(Math.min(asked, 300) * 1000);
        expect(delay).toBeLessThanOrEqual(450_000);
      }),
    );
  });

  test('is between a quarter of a second and thirty after any other failure', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), chance, (failures, random) => {
        const delay = watchDelayMs(failures, random, new ApiUnreachableError('gone'));

        expect(delay).toBeGreaterThanOrEqual(250);
        expect(delay).toBeLessThanOrEqual(30_000);
      }),
    );
  });
});
