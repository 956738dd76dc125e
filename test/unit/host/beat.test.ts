import { expect, test } from 'vitest';
import { nearestBeat, untilBeat } from '../../../src/host/beat.ts';

test.each([
  [0, 1000],
  [1, 999],
  [400.7, 600],
  [994.9, 6],
  [999.5, 1001],
  [1000, 1000],
])('at %d ms the next beat of a second is %d ms away', (now, wait) => {
  expect(untilBeat(now, 1000)).toBe(wait);
});

test.each([
  [1800, 2000],
  [2200, 2000],
  [300_499, 300_000],
])('%d ms are moved to the beat at %d ms', (at, beat) => {
  expect(nearestBeat(at)).toBe(beat);
});
