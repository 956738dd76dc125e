/** Tells a person what a one-shot command does, as it does it. */
import type { Progress } from '../../app/bootstrap/apply-once.ts';
import type { Change, Finding } from '../../areas/area.ts';
import { sameFindings } from '../../reconcile/report/same-findings.ts';
import type { Io } from '../io.ts';
import { onOneLine, paintFor, printable, wrapLines } from './table.ts';

/** Progress lines go where they do not disturb a result: to standard error unless the result is a table. */
export function progressFor(io: Io, write: (text: string) => void): Progress {
  const paint = paintFor(io.color);
  // Findings that were told in full; one that says the same of another entry is not told again.
  const failed: Finding[] = [];
  const say = (mark: string, text: string) => write(`${mark} ${text}\n`);
  return {
    onStep: (event) => {
      if (event.type === 'applying') {
        // Emptying swap or loading a module can take minutes, so it is announced before it ends.
        if (isSlow(event.changes)) say(paint('dim', '…'), `${event.area}: ${describe(event.changes)}`);
      } else if (event.type === 'applied') {
        // Empty when another program made the change first.
        if (event.changes.length > 0) say(paint('green', '✓'), `${event.area}: ${describe(event.changes)}`);
      } else {
        const { finding } = event;
        const isTold = sameFindings([...failed, finding], ({ reason }) => reason).length <= failed.length;
        const what = `${event.area}: ${describe(event.changes)}: ${finding.reason}`;
        say(paint('red', '✗'), isTold ? `${what}, as above` : what);
        if (isTold) return;
        failed.push(finding);
        write(`${wrapLines(finding.message, io.columns, '    ')}\n`);
      }
    },
    onWait: (report, waitMs) => {
      const waiting = report.areas
        .flatMap((area) => [...area.failures, ...area.blocked])
        .filter((one) => one.transient);
      const targets = [...new Set(waiting.map((one) => printable(one.target)))].join(', ');
      say(paint('yellow', '…'), `waiting for ${targets}; next try in ${(waitMs / 1000).toFixed(1)} s`);
    },
    onWarning: (message) => say(paint('yellow', '!'), onOneLine(message)),
  };
}

function isSlow(changes: readonly Change[]): boolean {
  return changes.some((change) => change.scope === 'live' && (change.action === 'disable' || change.action === 'load'));
}

function describe(changes: readonly Change[]): string {
  const parts = changes.map((change) => {
    const value = change.to === undefined ? '' : ` → ${printable(change.to)}`;
    return `${change.action} ${printable(change.target)}${value.length > 60 ? '' : value}`;
  });
  const scope = changes[0]?.scope ?? 'live';
  const shown = parts.length > 3 ? [...parts.slice(0, 2), `and ${parts.length - 2} more`] : parts;
  return `${shown.join(', ')} (${scope})`;
}
