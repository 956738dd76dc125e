import { describe, expect, it } from 'vitest';
import { backoffMs, jitteredMs } from '../../../../src/reconcile/loop/backoff.ts';

describe('backoff', () => {
  it('doubles from about a second to about five minutes and stays there', () => {
    const delays = [1, 2, 3, 4, 20, 1000].map((failures) => backoffMs(failures, 0.5));

    expect(delays).toEqual([1000, 2000, 4000, 8000, 300_000, 300_000]);
  });

  it.each([0, 0.25, 0.999])('is spread by chance (%d), never below three quarters', (random) => {
    for (const failures of [1, 5, 50]) {
      const delay = backoffMs(failures, random);
      expect(delay / backoffMs(failures, 0.5)).toBeCloseTo(0.75 + random / 2, 2);
    }
  });

  it('spreads the resync by a fifth to both sides', () => {
    expect([0, 0.5, 1].map((random) => jitteredMs(300_000, random))).toEqual([240_000, 300_000, 360_000]);
  });
});
