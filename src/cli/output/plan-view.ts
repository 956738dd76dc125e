/** A plan as the command line shows it: an object for machines, a diff for people. */
import type { API_VERSION } from '../../api/spec/nodeprep.ts';
import type { Change, Finding } from '../../areas/area.ts';
import type { DraftedLook } from '../../app/inspect/look.ts';
import type { DraftedFile } from '../../host/draft.ts';
import type { NodeReport } from '../../reconcile/report/node-report.ts';
import type { WhyNotNow } from '../../reconcile/report/report.ts';
import { sameFindings } from '../../reconcile/report/same-findings.ts';
import { countEntries, entriesOf } from './entry-count.ts';
import { resultOf } from './print.ts';
import { renderSame } from './same-findings-view.ts';
import { type Paint, printable, renderTable, type Shrinking, shortenEnd, shortenMiddle, wrap } from './table.ts';

const LEFT = 'Left on purpose';
const NEXT_BOOT = 'next boot';

type AreaFinding = Finding & { readonly area: string };

/** What `plan -o json` prints. */
export interface PlanDocument {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'Plan';
  readonly inSync: boolean;
  /** Entries with changes; one entry often has two, a live and a persistent one. */
  readonly entries: number;
  /** `when`: `now`, or why not: `next boot`, `approval`, `drain`, `boot gate`, `held off` or `reported`. */
  readonly changes: readonly (Change & { readonly area: string; readonly when: string })[];
  /** Files that would be written or removed; `nodeprep diff` shows the lines. */
  readonly files: readonly { readonly path: string; readonly action: 'create' | 'update' | 'delete' }[];
  readonly blocked: readonly PlanFinding[];
  readonly conflicts: readonly PlanFinding[];
  /** What a removal does not take back, and why. */
  readonly left: readonly PlanFinding[];
}

/** What is in the way of an entry; the plan is in sync without an `optional` one. */
export interface PlanFinding {
  readonly area: string;
  readonly target: string;
  readonly reason: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly optional?: true;
}

/** The plan that a look at the host found; entries that are not required do not make it differ. */
export function planFrom({ report, files }: Pick<DraftedLook, 'report' | 'files'>): PlanDocument {
  const later = new Map(
    report.areas.flatMap((area) => area.deferred.map(({ change, why }) => [keyOf(area.area, change), why] as const)),
  );
  const changes = report.areas.flatMap((area) =>
    area.drift.map((change) => ({
      ...shown(area.area, change),
      when: whenOf(later.get(keyOf(area.area, change))) ?? 'now',
    })),
  );
  const blocked = findings(report, (area) => [...area.failures, ...area.blocked]);
  const conflicts = findings(report, (area) => area.conflicts);
  const stands = [...blocked, ...conflicts].some((finding) => finding.required !== false);
  return resultOf('Plan', {
    inSync: changes.length === 0 && !stands,
    entries: countEntries(report.areas.flatMap(({ area, entries, drift }) => entriesOf(area, entries, drift))),
    changes,
    files: files.map(({ path, before, after }) => ({ path, action: actionOf(before, after) })),
    blocked: blocked.map(found),
    conflicts: conflicts.map(found),
    left: findings(report, (area) => area.left).map(found),
  });
}

function found({ area, target, reason, message, file, line, required }: AreaFinding): PlanFinding {
  return {
    area,
    target,
    reason,
    message,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(required === false ? { optional: true } : {}),
  };
}

/** The change as people read it; `incarnation` and `urgent` matter to fights only. */
function shown(
  area: string,
  { action, target, from, to, scope, disruption }: Change,
): Omit<PlanDocument['changes'][number], 'when'> {
  const values = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  return { area, action, target, ...values, scope, disruption };
}

function actionOf(before: DraftedFile['before'], after: DraftedFile['after']): 'create' | 'update' | 'delete' {
  if (before === undefined) return 'create';
  return after === undefined ? 'delete' : 'update';
}

function findings(report: NodeReport, pick: (area: NodeReport['areas'][number]) => readonly Finding[]): AreaFinding[] {
  return report.areas.flatMap((area) => pick(area).map((finding) => ({ ...finding, area: area.area })));
}

/** The plan for a person, as wide as the terminal; JSON has every value in full. */
export function renderPlan(look: Pick<DraftedLook, 'report' | 'files'>, paint: Paint, columns: number): string {
  const { report } = look;
  const plan = planFrom(look);
  const parts = [headline(report, plan, paint, columns)];
  if (plan.changes.length > 0) parts.push(renderChanges(plan, paint, columns));
  if (plan.files.length > 0) parts.push(renderFiles(plan.files, paint));
  const show = (title: string, list: readonly AreaFinding[]) => {
    if (list.length > 0) parts.push(renderFindings(title, list, paint, columns));
  };
  show(
    'Blocked',
    findings(report, (area) => [...area.failures, ...area.blocked]),
  );
  show(
    'Conflicts',
    findings(report, (area) => area.conflicts),
  );
  show(
    LEFT,
    findings(report, (area) => area.left),
  );
  return parts.join('\n\n');
}

function headline(report: NodeReport, plan: PlanDocument, paint: Paint, columns: number): string {
  const { snapshot } = report;
  const profile = snapshot.spec.profile === undefined ? '' : `, profile ${snapshot.spec.profile}`;
  const what = plan.inSync
    ? 'in sync'
    : [
        `${counted(plan.entries, 'entry', 'entries')} to change`,
        `${countEntries(plan.blocked)} blocked`,
        counted(countEntries(plan.conflicts), 'conflict'),
      ].join(', ');
  const paused = report.areas.filter((area) => area.mode === 'Paused').map((area) => area.area);
  const unseen = paused.length === 0 ? '' : `; paused, not looked at: ${paused.join(', ')}`;
  const title = `Plan for ${printable(snapshot.name)}`;
  const about = ` (${snapshot.spec.mode}${profile}):`;
  const gap = title.length + about.length + what.length + unseen.length >= columns ? '\n' : ' ';
  return `${paint('bold', title)}${about}${gap}${plan.inSync ? paint('green', what) : what}${unseen}`;
}

function counted(count: number, word: string, words = `${word}s`): string {
  return `${count} ${count === 1 ? word : words}`;
}

function renderFiles(files: PlanDocument['files'], paint: Paint): string {
  const rows = files.map(({ path, action }) => [paint(action === 'delete' ? 'red' : 'green', action), printable(path)]);
  const note = paint('dim', '"nodeprep diff" shows the lines.');
  return `${renderTable(['ACTION', 'FILE'], rows, paint)}\n${note}`;
}

const SHRINKING: readonly Shrinking[] = [
  { column: 3, least: 16, shorten: shortenValues },
  { column: 1, least: 30, shorten: shortenMiddle },
];

function renderChanges(plan: PlanDocument, paint: Paint, columns: number): string {
  // On most hosts nothing is disturbed; a column of "None" would only make the rest narrow.
  const disturbs = plan.changes.some((change) => change.disruption !== 'None');
  const rows = plan.changes.map((change) => [
    change.area,
    printable(change.target),
    paint(change.action === 'delete' || change.action === 'disable' ? 'red' : 'green', change.action),
    valuesText(change),
    change.when === 'now' ? change.scope : change.when,
    ...(disturbs ? [change.disruption] : []),
  ]);
  const header = ['AREA', 'ENTRY', 'ACTION', 'FROM → TO', 'SCOPE', ...(disturbs ? ['DISRUPTION'] : [])];
  const notes = [
    ...(plan.changes.some((change) => change.when === 'approval')
      ? ['approval: disturbs the node; held until "nodeprep approve", or spec.approvedPlan, names the plan.']
      : []),
    ...(plan.changes.some((change) => change.when === NEXT_BOOT)
      ? ['next boot: not done on the running system, takes effect at the next reboot.']
      : []),
    ...(disturbs ? [] : ['Disruption: none.']),
  ];
  const table = renderTable(header, rows, paint, columns, SHRINKING);
  return [table, ...notes.map((note) => paint('dim', wrap(note, columns, '')))].join('\n');
}

/** The word of the column when a change is not made at once. */
function whenOf(why: WhyNotNow | undefined): string | undefined {
  return why === 'boot' ? NEXT_BOOT : why;
}

/** `0 → 1`; a created thing comes from nowhere. */
function valuesText(change: Change): string {
  if (change.from === undefined && change.to === undefined) return '-';
  const to = shorten(change.to ?? 'nothing');
  return change.from === undefined ? `→ ${to}` : `${shorten(change.from)} → ${to}`;
}

/** The new value is what matters, so the old one is cut first, and left out when too little would be left of it. */
function shortenValues(cell: string, room: number): string {
  const to = cell.slice(cell.lastIndexOf('→'));
  const left = room - to.length - 1;
  return left < 5 ? shortenEnd(to, room) : `${shortenMiddle(cell.slice(0, cell.lastIndexOf(' →')), left)} ${to}`;
}

/** Findings with their message below. */
export function renderFindings(title: string, list: readonly AreaFinding[], paint: Paint, columns: number): string {
  const rows = sameFindings(list, placeOf).map((group) => {
    const [first] = group.findings;
    const optional = first.required === false && title !== LEFT ? ' [not required]' : '';
    return renderSame(group, paint, columns, '  ', `${optional}${printable(placeText(first))}`);
  });
  return [paint('bold', `${title} (${list.length})`), ...rows].join('\n');
}

/** Findings about two areas or two places are two, whatever they say. */
function placeOf(finding: AreaFinding): string {
  return JSON.stringify([finding.area, finding.reason, finding.required !== false, placeText(finding)]);
}

function placeText({ file, line }: Finding): string {
  return file === undefined ? '' : ` (${file}${line === undefined ? '' : `:${line}`})`;
}

/** Long values are shown by their beginning; JSON has all of them. */
function shorten(value: string): string {
  return value === '' ? '(empty)' : shortenEnd(printable(value), 40);
}

function keyOf(area: string, change: Change): string {
  return `${area} ${change.scope} ${change.action} ${change.target}`;
}
