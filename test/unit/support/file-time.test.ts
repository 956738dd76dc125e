import { describe, expect, test } from 'vitest';
import { cpuSecondsFrom, quietSeconds, usageNow } from '../../support/file-time.ts';

const START = { wall: 100, cpu: 10, stalled: 50 };
const after = (wall: number, cpu: number, stalled: number) =>
  quietSeconds(START, { wall: 100 + wall, cpu: 10 + cpu, stalled: 50 + stalled });

describe('the time of a test file', () => {
  test.each([
    ['waits on an idle machine', after(134, 2, 1), 133],
    ['computes on an idle machine', after(40, 38, 5), 38],
    ['waits while others compute', after(134, 2, 130), 4],
    ['computes while others do', after(200, 38, 199), 38],
    ['has two processors to itself', after(20, 39, 1), 20],
  ])('is what it needs itself when it %s', (_, seconds, expected) => {
    expect(seconds).toBe(expected);
  });

  test('counts children of a process with any name', () => {
    expect(cpuSecondsFrom('7 (a b) c) S 1 7 7 0 -1 0 0 0 0 0 100 20 300 4000 20 0 1')).toBe(44.2);
    expect(cpuSecondsFrom('')).toBe(0);
  });

  test('grows with what this process computes', () => {
    const before = usageNow();
    while (usageNow().cpu < before.cpu + 0.05);

    expect(quietSeconds(before, usageNow())).toBeGreaterThan(0);
  });
});
