/** The checklist of `verify` for a person: a line for each check, then what follows from those that did not pass, each once. */
import type { Check } from '../../areas/area.ts';
import { type Paint, printable, wrap } from './table.ts';

type Outcome = Check['outcome'];

const INDENT = '    ';
const LEGEND = '✓ passed   ✗ failed   ! warning: optional, or outside the spec   - cannot be checked here';

/** As wide as the terminal; JSON has every check with its own consequence. */
export function renderChecks(checks: readonly Check[], paint: Paint, columns: number): string {
  const lines = checks.map((check) => renderCheck(check, paint, columns));
  const consequences = renderConsequences(checks, paint, columns);
  const count = (outcome: Outcome) => checks.filter((check) => check.outcome === outcome).length;
  const counts = `${count('pass')} passed, ${count('fail')} failed, ${count('warn')} warnings, ${count('skip')} could not be checked`;
  return [lines.join('\n'), ...consequences, `${paint('dim', LEGEND)}\n${paint('bold', counts)}`].join('\n\n');
}

function renderCheck(check: Check, paint: Paint, columns: number): string {
  const head = `${check.title}; found: ${check.found}`;
  const looked = `looked at: ${check.looked}`;
  const oneLine = head.length + looked.length + 5 <= columns;
  const text = oneLine
    ? `${printable(head)} ${paint('dim', `(${printable(looked)})`)}`
    : `${wrap(printable(head), columns - 2, INDENT).trimStart()}\n${paint('dim', wrap(printable(looked), columns, INDENT))}`;
  return `${markOf(check.outcome, paint)} ${text}`;
}

/** Many checks have one consequence: said once, below all of their titles, the failed ones first. */
function renderConsequences(checks: readonly Check[], paint: Paint, columns: number): readonly string[] {
  const open = (['fail', 'warn', 'skip'] as const)
    .flatMap((outcome) => checks.filter((check) => check.outcome === outcome))
    .filter((check) => check.consequence !== '');
  return [...Map.groupBy(open, ({ outcome, consequence }) => `${outcome} ${consequence}`).values()].map((group) => {
    const titles = group.map(
      (check) => `${markOf(check.outcome, paint)} ${wrap(printable(check.title), columns, INDENT).trimStart()}`,
    );
    return `${titles.join('\n')}\n${wrap(printable(group[0]?.consequence ?? ''), columns, INDENT)}`;
  });
}

function markOf(outcome: Outcome, paint: Paint): string {
  switch (outcome) {
    case 'pass':
      return paint('green', '✓');
    case 'warn':
      return paint('yellow', '!');
    case 'fail':
      return paint('red', '✗');
    case 'skip':
      return paint('dim', '-');
  }
}
