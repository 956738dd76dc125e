/** Conditions and differing entries as a table for people. */
import type { DifferingEntry, NodePrep } from '../../api/status/status.ts';
import { type LockHolder, nameOf } from '../../host/hand-over/holder.ts';
import { sameFindings } from '../../reconcile/report/same-findings.ts';
import { renderPending } from './pending-view.ts';
import { renderSame } from './same-findings-view.ts';
import {
  onOneLine,
  type Paint,
  printable,
  renderTable,
  type Shrinking,
  shortenEnd,
  shortenMiddle,
  wrap,
  wrapLines,
} from './table.ts';

const GOOD_WHEN_FALSE = new Set(['Progressing', 'Degraded', 'Drifted', 'Conflicting', 'RebootRequired']);

/** Reasons that say no more than the expected and the actual value do. */
const PLAIN: ReadonlySet<string> = new Set(['LiveDrift', 'PersistentDrift', 'NextBoot', 'Drifted']);

/** The process that manages the host, and those that stand by. */
export function renderHolder(holder: LockHolder): string {
  const waiting = (holder.standby ?? []).map((one) => `${nameOf(one)} stands by`);
  return [`Managed by ${nameOf(holder)}`, ...waiting].join('; ');
}

/** The table of conditions, then what differs, worst first. */
export function renderStatus(nodePrep: NodePrep, paint: Paint, columns: number): string {
  const { status } = nodePrep;
  const differing = status.areas.flatMap((area) => area.differing.map((entry) => ({ area: area.name, ...entry })));
  const rows = status.conditions.map((condition) => [
    condition.type,
    paintStatus(condition.type, condition.status, paint),
    condition.reason,
    onOneLine(condition.message),
  ]);
  const message: Shrinking = { column: 3, least: 20, shorten: shortenEnd };
  const parts = [
    `${paint('bold', printable(nodePrep.metadata.name))}: ${status.inSync} entries in sync`,
    renderTable(['CONDITION', 'STATUS', 'REASON', 'MESSAGE'], rows, paint, columns, [message]),
  ];
  // Nothing below repeats why a spec is refused, and the table may have cut it.
  const refused = status.conditions.find((condition) => condition.reason === 'SpecInvalid');
  if (refused !== undefined) parts.push(wrapLines(refused.message, columns, ''));
  if (status.pending !== undefined) parts.push(renderPending(status.pending, paint, columns));
  if (differing.length > 0) {
    parts.push(
      `${paint('bold', `Differing entries (${differing.length})`)}\n${renderDiffering(differing, paint, columns)}`,
    );
    const told = differing
      .filter((entry) => !PLAIN.has(entry.reason))
      .map((entry) => ({ ...entry, target: entry.name }));
    for (const group of sameFindings(told, ({ area, reason }) => `${area} ${reason}`)) {
      parts.push(renderSame(group, paint, columns, ''));
    }
    parts.push(
      paint('dim', wrap('"nodeprep plan" shows the changes, "nodeprep explain ENTRY" why they matter.', columns, '')),
    );
  }
  return parts.join('\n\n');
}

function renderDiffering(differing: readonly (DifferingEntry & { area: string })[], paint: Paint, columns: number) {
  const rows = differing.map((entry) => [
    entry.area,
    printable(entry.name),
    printable(entry.expected),
    actualText(entry),
    entry.reason,
  ]);
  return renderTable(['AREA', 'ENTRY', 'EXPECTED', 'ACTUAL', 'REASON'], rows, paint, columns, [
    { column: 3, least: 24, shorten: shortenEnd },
    { column: 1, least: 34, shorten: shortenMiddle },
    { column: 3, least: 13, shorten: shortenEnd },
    { column: 2, least: 13, shorten: shortenEnd },
    { column: 1, least: 20, shorten: shortenMiddle },
  ]);
}

/** An empty value of a persistent difference says nothing about the live one, which may be right. */
function actualText(entry: DifferingEntry): string {
  if (entry.actual !== '') return printable(entry.actual);
  return entry.reason === 'PersistentDrift' ? 'not persisted' : 'absent';
}

function paintStatus(type: string, status: string, paint: Paint): string {
  if (status === 'Unknown') return paint('dim', status);
  const good = (status === 'True') !== GOOD_WHEN_FALSE.has(type);
  return paint(good ? 'green' : 'red', status);
}
