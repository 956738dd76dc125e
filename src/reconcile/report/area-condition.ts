/** How one area stands, as its own condition says it. Pure. */
import type { Reason } from '../../api/status/conditions.ts';
import { summaryOf } from './message.ts';
import { ENTRY_STATES, type AreaReport, type EntryState } from './report.ts';

/** A condition without what the engine adds. */
export interface Verdict {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  readonly message: string;
}

const REASON_OF_STATE: Readonly<Record<EntryState, Reason>> = {
  InSync: 'AsExpected',
  Pending: 'Pending',
  Drifted: 'Drifted',
  Conflicting: 'Conflict',
  Blocked: 'Unsupported',
  Failed: 'Failed',
};

/** Nothing is known of an area that was not looked at, so nothing good may be said of it either; `undefined` when all were. */
export function unseenVerdict(reports: readonly AreaReport[]): Verdict | undefined {
  const unseen = reports.filter((report) => report.isUnseen === true);
  if (unseen.length > 0) {
    const names = unseen.map(({ area }) => area).join(', ');
    const failures = unseen.flatMap((report) => report.failures);
    const message = `Cannot be read: ${names}. ${summaryOf(failures)}`;
    return { status: 'Unknown', reason: failures[0]?.reason ?? 'Failed', message };
  }
  const paused = reports.filter((report) => report.mode === 'Paused').map(({ area }) => area);
  if (paused.length === 0) return undefined;
  if (reports.length === 1) return { status: 'Unknown', reason: 'Paused', message: 'The spec asks to touch nothing.' };
  return { status: 'Unknown', reason: 'Paused', message: `Not looked at: ${paused.join(', ')}.` };
}

/** The area's verdict; optional entries never make it false. `undefined` when it is not managed and nothing of it is left. */
export function areaVerdict(report: AreaReport): Verdict | undefined {
  if (!report.managed && report.mode === 'Paused') return undefined;
  const unseen = unseenVerdict([report]);
  if (unseen !== undefined) return unseen;
  if (report.error !== undefined) {
    return { status: 'False', reason: report.failures[0]?.reason ?? 'Failed', message: summaryOf(report.failures) };
  }
  if (!report.managed) return unmanaged(report);
  const differing = report.entries
    .filter((entry) => entry.state !== 'InSync')
    // The message shows the first few only, and the worst of them gives the reason.
    .toSorted(
      (a, b) =>
        Number(b.required) - Number(a.required) || ENTRY_STATES.indexOf(b.state) - ENTRY_STATES.indexOf(a.state),
    );
  const worst = differing.find((entry) => entry.required);
  if (worst !== undefined) {
    const isHeld = worst.state === 'Pending' && worst.reason === 'AwaitingApproval';
    const specific = isHeld || worst.state === 'Blocked' || worst.state === 'Failed' || worst.state === 'Conflicting';
    const reason = (specific ? worst.reason : undefined) ?? REASON_OF_STATE[worst.state];
    const rows = differing.map((entry) => ({ target: entry.name, message: entry.message ?? entry.state }));
    return { status: 'False', reason, message: summaryOf(rows) };
  }
  const total = report.entries.length;
  const optional = differing.map((entry) => ({ target: entry.name, message: entry.message ?? entry.state }));
  const note = optional.length === 0 ? '.' : `; not required: ${summaryOf(optional)}`;
  return { status: 'True', reason: 'AsExpected', message: `${total - optional.length} of ${total} in sync${note}` };
}

function unmanaged(report: AreaReport): Verdict | undefined {
  if (report.failures.length > 0) return { status: 'False', reason: 'Failed', message: summaryOf(report.failures) };
  if (report.remaining.length > 0) {
    const rows = report.remaining.map((change) => ({
      target: change.target,
      message: `${change.action} is outstanding`,
    }));
    return { status: 'False', reason: 'Drifted', message: summaryOf(rows) };
  }
  return undefined;
}
