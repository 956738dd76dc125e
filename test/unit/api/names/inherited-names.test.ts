import { expect, test } from 'vitest';
import { weakeningProblem } from '../../../../src/api/names/boot-parameters.ts';

test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'length'])(
  'a boot parameter is judged by its own name, not by what every object has: %s',
  (name) => {
    expect(weakeningProblem(name, '1', 'Present')).toBeUndefined();
  },
);
