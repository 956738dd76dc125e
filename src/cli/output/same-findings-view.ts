/** Findings that say the same, as plan and status show them. */
import { EACH, type SameFindings } from '../../reconcile/report/same-findings.ts';
import { type Paint, printable, wrap, wrapLines } from './table.ts';

/** What is shown of a finding besides its message. */
interface Shown {
  readonly area: string;
  readonly target: string;
  readonly reason: string;
  readonly message: string;
}

/** Area, entries and reason with a note, and what they say below. */
export function renderSame(
  { findings, message, isShortened }: SameFindings<Shown>,
  paint: Paint,
  columns: number,
  indent: string,
  note = '',
): string {
  const [{ area, reason }] = findings;
  const names = [...new Set(findings.map(({ target }) => printable(target)))].join(', ');
  const head = wrap(`${area} ${names}: ${reason}${note}`, columns, indent);
  const text = wrapLines(isShortened ? `${message} ${EACH}` : message, columns, `${indent}  `);
  return `${head.replace(`: ${reason}`, `: ${paint('yellow', reason)}`)}\n${text}`;
}
