/**
 * Which held changes may run. An approval names a plan by its hash, is recorded with the changes that it covers
 * before the first of them is made, and is spent when none of them is left: so a crash in the middle goes on
 * with the rest, a reboot approves nothing, and the same hash opens nothing a second time.
 */
import type { AreaName } from '../../api/spec/nodeprep.ts';
import type { Change } from '../../areas/area.ts';
import type { Host } from '../../host/host.ts';
import { STATE_DIRECTORY } from '../ledger/ledger.ts';
import { readRecord } from '../ledger/record.ts';
import { changeKey, type PendingPlan } from '../report/pending.ts';
import type { AreaReport } from '../report/report.ts';

/** What was approved, as the daemon keeps it. */
export const APPROVAL_PATH = `${STATE_DIRECTORY}/approval.json`;
/** The approval that `nodeprep approve` asks for. */
export const APPROVAL_REQUEST_PATH = `${STATE_DIRECTORY}/approve.json`;
const KIND = 'Approval';
const VERSION = 1;

interface Grant {
  readonly plan: string;
  /** A grant of the spec ends when the spec says something else. */
  readonly by: 'spec' | 'host';
  readonly changes: readonly string[];
}

interface Approved {
  readonly grant?: Grant;
  /** The `spec.approvedPlan` that has been done. */
  readonly spent?: string;
}

/** What a round found, as approvals look at it. */
export interface ApprovalInput {
  readonly pending: PendingPlan | undefined;
  readonly reports: readonly AreaReport[];
  readonly approvedPlan: string | undefined;
  /** Asked only while something is held. */
  readonly nothingToDisturb: () => Promise<boolean>;
}

/** The approvals of one host. */
export interface Approvals {
  /** Whether all the changes were approved, or disturb nothing. */
  readonly permits: (area: AreaName, changes: readonly Change[]) => boolean;
  /** Takes what a round found into account; `true` when something held may run now. */
  readonly review: (input: ApprovalInput) => Promise<boolean>;
}

/** Reads the record when something is reviewed for the first time; an unreadable one approves nothing. */
export function createApprovals(host: Host): Approvals {
  let known: Approved | undefined;
  /** Changes of a host that is no node yet; not recorded, because the next look decides again. */
  let harmless: ReadonlySet<string> = new Set();

  const save = async (next: Approved) => {
    const isEmpty = next.grant === undefined && next.spent === undefined;
    if (isEmpty) await host.removeFile(APPROVAL_PATH);
    else await host.writeFile(APPROVAL_PATH, render(next), { mode: 0o600 });
    known = next;
  };
  const permits: Approvals['permits'] = (area, changes) => {
    const granted = new Set(known?.grant?.changes);
    return changes.map((change) => changeKey(area, change)).every((key) => granted.has(key) || harmless.has(key));
  };

  const review = async ({ pending, reports, approvedPlan, nothingToDisturb }: ApprovalInput): Promise<boolean> => {
    const isFirst = known === undefined;
    known ??= await readApproved(host);
    harmless = new Set();
    const settled = settle(known, { reports, approvedPlan });
    if (settled !== known) await save(settled);
    const request = isFirst || pending !== undefined ? await readRequest(host) : undefined;
    // It approves what was shown, and no plan that comes later.
    const isStale = request !== undefined && request !== pending?.plan && !reports.some(isUnknown);
    if (isStale) await host.removeFile(APPROVAL_REQUEST_PATH);
    if (pending === undefined) return false;
    const changes = pending.changes.map((change) => changeKey(change.area, change));
    const isCovered = changes.every((key) => known?.grant?.changes.includes(key));
    // A process that goes on after a crash held everything in its first round.
    if (isCovered) return isFirst && pending.isHeld;
    if (approvedPlan === pending.plan && known.spent !== pending.plan) {
      await save({ ...known, grant: { plan: pending.plan, by: 'spec', changes } });
      return pending.isHeld;
    }
    if (request === pending.plan) {
      await save({ ...known, grant: { plan: pending.plan, by: 'host', changes } });
      await host.removeFile(APPROVAL_REQUEST_PATH);
      return pending.isHeld;
    }
    if (!pending.isHeld || !(await nothingToDisturb())) return false;
    harmless = new Set(changes);
    return true;
  };
  return { permits, review };
}

/** Ends what is done or taken back; the same object when nothing is. */
function settle(known: Approved, { reports, approvedPlan }: Pick<ApprovalInput, 'reports' | 'approvedPlan'>): Approved {
  const { grant, spent } = known;
  const kept = spent === approvedPlan ? spent : undefined;
  if (grant === undefined) return kept === spent ? known : {};
  if (grant.by === 'spec' && grant.plan !== approvedPlan) return kept === undefined ? {} : { spent: kept };
  // Nothing is done as long as an area does not show it.
  const left = reports.flatMap(({ area, remaining, deferred }) =>
    [...remaining, ...deferred.map(({ change }) => change)].map((change) => changeKey(area, change)),
  );
  if (reports.some(isUnknown) || left.some((key) => grant.changes.includes(key)))
    return kept === spent ? known : { grant };
  const done = grant.by === 'spec' ? grant.plan : kept;
  return done === undefined ? {} : { spent: done };
}

function isUnknown(report: AreaReport): boolean {
  return report.isUnseen === true || report.mode === 'Paused';
}

/** Asks the daemon of this host to do exactly this plan. Throws `HostFileError`. */
export async function requestApproval(host: Host, plan: string): Promise<void> {
  const content = { kind: KIND, version: VERSION, plan };
  await host.writeFile(APPROVAL_REQUEST_PATH, `${JSON.stringify(content)}\n`, { mode: 0o600 });
}

async function readRequest(host: Host): Promise<string | undefined> {
  const { content } = await readRecord(host, APPROVAL_REQUEST_PATH, KIND, VERSION);
  return typeof content?.['plan'] === 'string' ? content['plan'] : undefined;
}

async function readApproved(host: Host): Promise<Approved> {
  const { content = {} } = await readRecord(host, APPROVAL_PATH, KIND, VERSION);
  const { grant, spent } = content as { grant?: Partial<Grant>; spent?: unknown };
  const isGrant =
    typeof grant?.plan === 'string' &&
    (grant.by === 'spec' || grant.by === 'host') &&
    Array.isArray(grant.changes) &&
    grant.changes.every((key) => typeof key === 'string');
  return { ...(isGrant ? { grant: grant as Grant } : {}), ...(typeof spent === 'string' ? { spent } : {}) };
}

function render(approved: Approved): string {
  return `${JSON.stringify({ kind: KIND, version: VERSION, ...approved }, undefined, 1)}\n`;
}
