import { expect, it } from 'vitest';
import { takesColor } from '../../../../src/host/own/own-output.ts';

it('colours on a terminal only, and not on a dumb one or with NO_COLOR', () => {
  expect(takesColor(true, { TERM: 'xterm' })).toBe(true);
  expect(takesColor(true, { NO_COLOR: '' })).toBe(true);
  expect(takesColor(true, { TERM: 'dumb' })).toBe(false);
  expect(takesColor(true, { NO_COLOR: '1' })).toBe(false);
  expect(takesColor(false, { TERM: 'xterm' })).toBe(false);
});
