import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Burst } from '../../../src/host/watch/burst.ts';

let told: string[] = [];
let burst: Burst;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  burst = new Burst(2, 50, (paths) => void told.push(paths.join(' ')));
});

afterEach(() => {
  burst.close();
  vi.useRealTimers();
});

test('the first is told at once, and what follows it in one piece', () => {
  burst.note(['a']);
  burst.note(['b']);
  burst.note(['c', 'b']);
  expect(told).toEqual(['a']);

  vi.advanceTimersByTime(2);

  expect(told).toEqual(['a', 'b c']);
});

test('what is patient waits, but holds back nothing that is not', () => {
  burst.note(['a'], true);
  expect(told).toEqual([]);

  burst.note(['a']);

  expect(told).toEqual(['a']);
  vi.advanceTimersByTime(1000);
  expect(told).toEqual(['a']);
});

test('what is patient is told when nothing else comes', () => {
  burst.note(['a'], true);

  vi.advanceTimersByTime(2);

  expect(told).toEqual(['a']);
});

test('what never ends is told ever more rarely, and at once again after a pause', () => {
  for (let ms = 0; ms < 1000; ms += 1) {
    burst.note(['a']);
    vi.advanceTimersByTime(1);
  }
  expect(told.length).toBeGreaterThan(20);
  expect(told.length).toBeLessThan(30);
  vi.advanceTimersByTime(100);
  const before = told.length;

  burst.note(['b']);

  expect(told.slice(before)).toEqual(['b']);
});
