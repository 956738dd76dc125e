/** Conditions and differing entries as a table for people. */
import type { NodePrep } from '../api/status.ts';
import { type Paint, printable, renderTable, wrap } from './table.ts';

const GOOD_WHEN_FALSE = new Set(['Progressing', 'Degraded', 'Drifted', 'Conflicting', 'RebootRequired']);

/** The table of conditions, then what differs, worst first. */
export function renderStatus(nodePrep: NodePrep, paint: Paint, columns: number): string {
  const { status } = nodePrep;
  const rows = status.conditions.map((condition) => [
    condition.type,
    paintStatus(condition.type, condition.status, paint),
    condition.reason,
    printable(condition.message),
  ]);
  const head = `${paint('bold', printable(nodePrep.metadata.name))}: ${status.inSync} entries in sync`;
  const parts = [head, renderTable(['CONDITION', 'STATUS', 'REASON', 'MESSAGE'], clip(rows, columns), paint)];
  const differing = status.areas.flatMap((area) => area.differing.map((entry) => ({ area: area.name, ...entry })));
  if (differing.length > 0) {
    const lines = differing.map((entry) => {
      const values = `expected ${printable(entry.expected)}, actual ${printable(entry.actual === '' ? 'absent' : entry.actual)}`;
      const line = `  ${entry.area} ${printable(entry.name)}: ${paint('yellow', entry.reason)} (${values})`;
      return `${line}\n${wrap(printable(entry.message), columns, '    ')}`;
    });
    parts.push([paint('bold', `Differing entries (${differing.length})`), ...lines].join('\n'));
  }
  return parts.join('\n\n');
}

function paintStatus(type: string, status: string, paint: Paint): string {
  if (status === 'Unknown') return paint('dim', status);
  const good = (status === 'True') !== GOOD_WHEN_FALSE.has(type);
  return paint(good ? 'green' : 'red', status);
}

/** The last column is cut so that a row stays one line; the full text is among the differing entries. */
function clip(rows: readonly (readonly string[])[], columns: number): string[][] {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length), 9));
  const room = Math.max(columns - widths.reduce((sum, width) => sum + width + 3, 0), 30);
  return rows.map((row) => [
    ...row.slice(0, 3),
    (row[3] ?? '').length > room ? `${(row[3] ?? '').slice(0, room - 1)}…` : (row[3] ?? ''),
  ]);
}
