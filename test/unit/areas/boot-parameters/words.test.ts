import { describe, expect, test } from 'vitest';
import {
  differenceOf,
  editedLine,
  hasWord,
  wordFrom,
  wordsOf,
  wordText,
} from '../../../../src/areas/boot-parameters/words.ts';

const LINE = 'console=serial0,115200 console=tty1 root=PARTUUID=abc-02 rootwait quiet';

describe('words of a command line', () => {
  test('are split at blanks outside of double quotes', () => {
    expect(wordsOf('a  b="c d" \te\n')).toEqual(['a', 'b="c d"', 'e']);
  });

  test('keep every further equals sign in the value', () => {
    expect(wordText(wordFrom('root=PARTUUID=abc'))).toBe('root=PARTUUID=abc');
    expect(wordFrom('root=PARTUUID=abc').value).toBe('PARTUUID=abc');
  });

  test('count by the last one of a name', () => {
    expect(hasWord(['a=1', 'a=2'], 'a=1')).toBe(false);
    expect(hasWord(['a-b=1'], 'a_b=1')).toBe(true);
  });

  test('count each by itself where a name repeats', () => {
    expect(hasWord(['cgroup_enable=memory', 'cgroup_enable=cpuset'], 'cgroup_enable=memory')).toBe(true);
  });

  test('of the spec that a line lacks or must lose are told apart', () => {
    const wanted = { present: ['quiet', 'x=1'], absent: ['console=tty1', 'rootwait'] };

    expect(differenceOf(LINE, wanted)).toEqual({ missing: ['x=1'], stray: ['console=tty1', 'rootwait'] });
  });
});

describe('an edited line', () => {
  const wanted = { present: ['cgroup_enable=memory', 'x=2'], absent: ['quiet'] };

  test('has the wanted words and every other character as before', () => {
    expect(editedLine(`${LINE}\n`, wanted)).toBe(
      'console=serial0,115200 console=tty1 root=PARTUUID=abc-02 rootwait cgroup_enable=memory x=2\n',
    );
  });

  test('is the same when it is edited again', () => {
    const once = editedLine(LINE, wanted);

    expect(editedLine(once, wanted)).toBe(once);
  });

  test('has a value replaced in its place', () => {
    expect(editedLine('a x=1 b', { present: ['x=2'], absent: [] })).toBe('a x=2 b');
  });

  test('is as before once what was added is gone again', () => {
    const added = editedLine(LINE, { present: ['x=2'], absent: [] });

    expect(editedLine(added, { present: [], absent: ['x=2'] })).toBe(LINE);
  });
});
