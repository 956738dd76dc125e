import { expect, test } from 'vitest';
import { memoised } from '../../../src/areas/memoised.ts';

test('what was derived is remembered, also when it is nothing', () => {
  const asked: string[] = [];
  const derive = memoised((text) => {
    asked.push(text);
    return text === 'none' ? undefined : { text };
  });

  expect(derive('some')).toBe(derive('some'));
  expect([derive('none'), derive('none')]).toEqual([undefined, undefined]);
  expect(asked).toEqual(['some', 'none']);
});

test('what is too long, or more than the most, is not cached', () => {
  const derive = memoised((text) => ({ text }), { most: 2, longest: 3 });
  expect(derive('long')).not.toBe(derive('long'));

  const one = derive('one');
  derive('two');
  derive('abc');

  expect(derive('one')).not.toBe(one);
  expect(derive('one')).toEqual({ text: 'one' });
});
