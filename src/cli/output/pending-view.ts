/** The plan that waits for an approval or a reboot, as a table for people. */
import type { PendingStatus } from '../../api/status/status.ts';
import { type Paint, printable, renderTable, shortenEnd, shortenMiddle } from './table.ts';

/** The plan with its class and changes. */
export function renderPending(
  { plan, disruption, changes, more = 0 }: PendingStatus,
  paint: Paint,
  columns: number,
): string {
  const rows = changes.map(({ area, target, action, from, to, disruption: disturbs }) => [
    area,
    printable(target),
    action,
    printable(`${from === undefined ? '' : `${from} `}→ ${to ?? 'nothing'}`),
    disturbs,
  ]);
  const table = renderTable(['AREA', 'ENTRY', 'ACTION', 'FROM → TO', 'DISRUPTION'], rows, paint, columns, [
    { column: 3, least: 16, shorten: shortenEnd },
    { column: 1, least: 30, shorten: shortenMiddle },
  ]);
  const rest = more === 0 ? '' : `\nand ${more} more, see "nodeprep plan"; an approval covers them as well.`;
  return `${paint('bold', `Pending plan ${printable(plan)}`)} (${disruption})\n${table}${rest}`;
}
