/** A plan as the command line shows it: an object for machines, a diff for people. */
import type { Change, Finding } from '../areas/area.ts';
import type { NodeReport } from '../reconcile/node-report.ts';
import { type Paint, printable, renderTable, wrap } from './table.ts';

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
  const changes = report.areas.flatMap((area) => area.drift.map((change) => ({ area: area.area, ...change })));
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

function findings(report: NodeReport, pick: (area: NodeReport['areas'][number]) => readonly Finding[]): AreaFinding[] {
  return report.areas.flatMap((area) => pick(area).map((finding) => ({ ...finding, area: area.area })));
}

/** The plan for a person. `later` names the changes that wait for a boot. */
export function renderPlan(report: NodeReport, paint: Paint, columns: number): string {
  const plan = planFrom(report);
  const parts = [headline(report, plan, paint)];
  if (plan.changes.length > 0) parts.push(renderChanges(report, plan, paint));
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
    'Left on purpose',
    findings(report, (area) => area.left),
  );
  return parts.join('\n\n');
}

function headline(report: NodeReport, plan: PlanDocument, paint: Paint): string {
  const { snapshot } = report;
  const profile = snapshot.spec.profile === undefined ? '' : `, profile ${snapshot.spec.profile}`;
  const what = plan.inSync
    ? paint('green', 'in sync')
    : `${plan.changes.length} changes, ${plan.blocked.length} blocked, ${plan.conflicts.length} conflicts`;
  return `${paint('bold', `Plan for ${printable(snapshot.name)}`)} (${snapshot.spec.mode}${profile}): ${what}`;
}

function renderChanges(report: NodeReport, plan: PlanDocument, paint: Paint): string {
  const later = new Set(report.areas.flatMap((area) => area.deferred.map(({ change }) => keyOf(area.area, change))));
  const rows = plan.changes.map((change) => [
    change.area,
    printable(change.target),
    paint(change.action === 'delete' || change.action === 'disable' ? 'red' : 'green', change.action),
    shorten(change.from ?? '-'),
    shorten(change.to ?? '-'),
    later.has(keyOf(change.area, change)) ? `${change.scope}, at the next boot` : change.scope,
    change.disruption,
  ]);
  return renderTable(['AREA', 'ENTRY', 'ACTION', 'FROM', 'TO', 'SCOPE', 'DISRUPTION'], rows, paint);
}

/** Findings with their message below. */
export function renderFindings(title: string, list: readonly AreaFinding[], paint: Paint, columns: number): string {
  const rows = list.map((finding) => {
    const place =
      finding.file === undefined ? '' : ` (${finding.file}${finding.line === undefined ? '' : `:${finding.line}`})`;
    const optional = finding.required === false ? ' [not required]' : '';
    const head = `  ${finding.area} ${printable(finding.target)}: ${paint('yellow', finding.reason)}${optional}${printable(place)}`;
    return `${head}\n${wrap(printable(finding.message), columns, '    ')}`;
  });
  return [paint('bold', `${title} (${list.length})`), ...rows].join('\n');
}

/** Long values are shown by their beginning; JSON has all of them. */
function shorten(value: string): string {
  const text = printable(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function keyOf(area: string, change: Change): string {
  return `${area} ${change.scope} ${change.action} ${change.target}`;
}
