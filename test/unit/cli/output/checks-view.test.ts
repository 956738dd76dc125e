import { expect, it } from 'vitest';
import type { Check } from '../../../../src/areas/area.ts';
import { renderChecks } from '../../../../src/cli/output/checks-view.ts';

const plain = (_: string, text: string) => text;
const check = (title: string, outcome: Check['outcome'], consequence: string): Check => ({
  title,
  looked: '/proc/swaps',
  found: 'x',
  outcome,
  consequence,
});
const SAME = 'The next reboot turns swap on.';

it('says each consequence once, below all checks that have it, the failed ones first', () => {
  const text = renderChecks(
    [
      check('w', 'warn', 'Slow.'),
      check('a', 'fail', SAME),
      check('p', 'pass', 'Never shown.'),
      check('b', 'fail', SAME),
    ],
    plain,
    100,
  );

  expect(text).toContain(`✗ a\n✗ b\n    ${SAME}\n\n! w\n    Slow.`);
  expect(text.split(SAME)).toHaveLength(2);
  expect(text).not.toContain('Never shown');
});

it('explains its marks and counts each outcome', () => {
  const text = renderChecks([check('a', 'fail', ''), check('s', 'skip', ''), check('p', 'pass', '')], plain, 100);

  expect(text).toMatch(
    /✓ passed .*✗ failed .*! warning.*- cannot be checked here\n1 passed, 1 failed, 0 warnings, 1 could not be checked$/s,
  );
});

it('shows no control characters of what was found', () => {
  const text = renderChecks([{ ...check('a', 'fail', 'b\u001B[2J'), found: '\u001B[31mred' }], plain, 100);

  expect(text).not.toContain('\u001B');
});
