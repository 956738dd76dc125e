import { expect, test } from 'vitest';
import { keptByText } from '../../../src/areas/kept.ts';

test('what was derived is remembered, also when it is nothing', () => {
  const asked: string[] = [];
  const derive = keptByText((text) => {
    asked.push(text);
    return text === 'none' ? undefined : { text };
  });

  expect(derive('some')).toBe(derive('some'));
  expect([derive('none'), derive('none')]).toEqual([undefined, undefined]);
  expect(asked).toEqual(['some', 'none']);
});

test('what is too long, or more than the most, is not kept', () => {
  const derive = keptByText((text) => ({ text }), { most: 2, longest: 3 });
  expect(derive('long')).not.toBe(derive('long'));

  const one = derive('one');
  derive('two');
  derive('abc');

  expect(derive('one')).not.toBe(one);
  expect(derive('one')).toEqual({ text: 'one' });
});
