/** A plan as the command line shows it: an object for machines, a diff for people. */
import type { Change, Finding } from '../../areas/area.ts';
import type { NodeReport } from '../../reconcile/report/node-report.ts';
import type { WhyNotNow } from '../../reconcile/report/report.ts';
import { type Paint, printable, renderTable, type Shrinking, shortenEnd, shortenMiddle, wrap } from './table.ts';

const LEFT = 'Left on purpose';

type AreaFinding = Finding & { readonly area: string };

/** What `plan -o json` prints. */
export interface PlanDocument {
  readonly apiVersion: 'nodeprep.dev/v1alpha1';
  readonly kind: 'Plan';
  readonly inSync: boolean;
  readonly changes: readonly (Change & { readonly area: string })[];
  readonly blocked: readonly { area: string; target: string; reason: string; message: string }[];
  readonly conflicts: readonly {
    area: string;
    target: string;
    reason: string;
    message: string;
    file?: string;
    line?: number;
  }[];
}

/** The plan that a look at the host found; entries that are not required do not make it differ. */
export function planFrom(report: NodeReport): PlanDocument {
  const changes = report.areas.flatMap((area) => area.drift.map((change) => shown(area.area, change)));
  const blocked = findings(report, (area) => [...area.failures, ...area.blocked]);
  const conflicts = findings(report, (area) => area.conflicts);
  const stands = [...blocked, ...conflicts].some((finding) => finding.required !== false);
  return {
    apiVersion: 'nodeprep.dev/v1alpha1',
    kind: 'Plan',
    inSync: changes.length === 0 && !stands,
    changes,
    blocked: blocked.map(({ area, target, reason, message }) => ({ area, target, reason, message })),
    conflicts: conflicts.map(({ area, target, reason, message, file, line }) => ({
      area,
      target,
      reason,
      message,
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
    })),
  };
}

/** The change as people read it: what tells fights apart is nothing that a plan says. */
function shown(area: string, { action, target, from, to, scope, disruption }: Change): PlanDocument['changes'][number] {
  const values = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  return { area, action, target, ...values, scope, disruption };
}

function findings(report: NodeReport, pick: (area: NodeReport['areas'][number]) => readonly Finding[]): AreaFinding[] {
  return report.areas.flatMap((area) => pick(area).map((finding) => ({ ...finding, area: area.area })));
}

/** The plan for a person, as wide as the terminal; JSON has every value in full. */
export function renderPlan(report: NodeReport, paint: Paint, columns: number): string {
  const plan = planFrom(report);
  const parts = [headline(report, plan, paint, columns)];
  if (plan.changes.length > 0) parts.push(renderChanges(report, plan, paint, columns));
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
    : `${counted(plan.changes.length, 'change')}, ${plan.blocked.length} blocked, ${counted(plan.conflicts.length, 'conflict')}`;
  const paused = report.areas.filter((area) => area.mode === 'Paused').map((area) => area.area);
  const unseen = paused.length === 0 ? '' : `; paused, not looked at: ${paused.join(', ')}`;
  const title = `Plan for ${printable(snapshot.name)}`;
  const about = ` (${snapshot.spec.mode}${profile}):`;
  const gap = title.length + about.length + what.length + unseen.length >= columns ? '\n' : ' ';
  return `${paint('bold', title)}${about}${gap}${plan.inSync ? paint('green', what) : what}${unseen}`;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

const SHRINKING: readonly Shrinking[] = [
  { column: 3, least: 16, shorten: shortenValues },
  { column: 1, least: 30, shorten: shortenMiddle },
];

function renderChanges(report: NodeReport, plan: PlanDocument, paint: Paint, columns: number): string {
  const later = new Map(
    report.areas.flatMap((area) => area.deferred.map(({ change, why }) => [keyOf(area.area, change), why] as const)),
  );
  const whyOf = (change: PlanDocument['changes'][number]) => later.get(keyOf(change.area, change));
  // On most hosts nothing is disturbed; a column of "None" would only make the rest narrow.
  const disturbs = plan.changes.some((change) => change.disruption !== 'None');
  const rows = plan.changes.map((change) => [
    change.area,
    printable(change.target),
    paint(change.action === 'delete' || change.action === 'disable' ? 'red' : 'green', change.action),
    valuesText(change),
    whenOf(whyOf(change)) ?? change.scope,
    ...(disturbs ? [change.disruption] : []),
  ]);
  const header = ['AREA', 'ENTRY', 'ACTION', 'FROM → TO', 'SCOPE', ...(disturbs ? ['DISRUPTION'] : [])];
  const notes = [
    ...(plan.changes.some((change) => whyOf(change) === 'approval')
      ? ['approval: disturbs the node; held until "nodeprep approve", or spec.approvedPlan, names the plan.']
      : []),
    ...(plan.changes.some((change) => whyOf(change) === 'boot')
      ? ['next boot: not done on the running system, takes effect at the next boot.']
      : []),
    ...(disturbs ? [] : ['Disruption: none.']),
  ];
  const table = renderTable(header, rows, paint, columns, SHRINKING);
  return [table, ...notes.map((note) => paint('dim', wrap(note, columns, '')))].join('\n');
}

/** The word of the column when a change is not made at once. */
function whenOf(why: WhyNotNow | undefined): string | undefined {
  return why === 'boot' ? 'next boot' : why;
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
  const rows = list.map((finding) => {
    const place =
      finding.file === undefined ? '' : ` (${finding.file}${finding.line === undefined ? '' : `:${finding.line}`})`;
    const optional = finding.required === false && title !== LEFT ? ' [not required]' : '';
    const head = `  ${finding.area} ${printable(finding.target)}: ${paint('yellow', finding.reason)}${optional}${printable(place)}`;
    return `${head}\n${wrap(printable(finding.message), columns, '    ')}`;
  });
  return [paint('bold', `${title} (${list.length})`), ...rows].join('\n');
}

/** Long values are shown by their beginning; JSON has all of them. */
function shorten(value: string): string {
  return shortenEnd(printable(value), 40);
}

function keyOf(area: string, change: Change): string {
  return `${area} ${change.scope} ${change.action} ${change.target}`;
}
