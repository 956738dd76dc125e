import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { shellWord } from '../../../src/host/shell-words.ts';

it.each(['/etc/nodeprep', '/srv/a b', "it's", '$(id)', '', '-n', 'a\nb', '~root', '*', 'ä', '#'])(
  'a word reaches a program as it is: %j',
  (text) => {
    const printed = execFileSync('sh', ['-c', `printf '%s|' ${shellWord(text)}`], { encoding: 'utf8' });

    expect(printed).toBe(`${text}|`);
  },
);
