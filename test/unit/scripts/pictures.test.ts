import { expect, test } from 'vitest';
import { terminalPicture } from '../../../scripts/pictures/terminal.ts';

const ESC = '\u001B';

test('a picture has the text of the command, and escapes what is markup', () => {
  const picture = terminalPicture('A & b', 'nodeprep plan', 'a <b> "c"\n', 80);

  expect(picture).toContain('<title>A &amp; b</title>');
  expect(picture).toContain('>a &lt;b&gt; &quot;c&quot;</text>');
  expect(picture).toContain('>$ nodeprep plan</text>');
});

test('styles begin and end where the terminal has them', () => {
  const picture = terminalPicture('t', 'c', `${ESC}[1mHEAD${ESC}[22m  ${ESC}[32mgood${ESC}[39m rest`, 80);

  expect(picture).toMatch(/class="bold">HEAD</);
  expect(picture).toMatch(/class="green">good</);
  expect(picture).toMatch(/"spacingAndGlyphs">rest</);
});

test('a run stands below the column in which it was printed', () => {
  const [first, second] = terminalPicture('t', 'c', `a  ${ESC}[31mb${ESC}[39m\n   c`, 80)
    .split('\n')
    .filter((line) => />[bc]</.test(line))
    .map((line) => /x="([\d.]+)"[^>]*>[bc]</.exec(line)?.[1]);

  expect(first).toBeDefined();
  expect(first).toBe(second);
});

test('an escape that is not a known style is refused', () => {
  expect(() => terminalPicture('t', 'c', `${ESC}[95mx`, 80)).toThrow(/code "95"/);
  expect(() => terminalPicture('t', 'c', `${ESC}[2Jx`, 80)).toThrow(/escape sequence/);
});
