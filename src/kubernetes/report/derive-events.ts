/**
 * What in a report becomes an Event on the NodePrep: changes that were made, and problems when they
 * begin. Derived from one report and the problems known before, so that a poll that finds nothing new
 * creates no Event. Pure.
 */
import { liveWords, problemEvent } from '../../api/parts/parts.ts';
import { summaryOf } from '../../reconcile/report/message.ts';
import type { NodeReport } from '../../reconcile/report/node-report.ts';
import type { AreaReport } from '../../reconcile/report/report.ts';
import type { EventFact, EventReason } from '../event-fact.ts';

/** Problems that were there in the last report; each is an Event only when it begins. */
export type KnownProblems = ReadonlySet<string>;

/** Names that a message lists. */
const LISTED = 5;

/** The facts of a report, and the problems to remember for the next one. */
export function eventsFrom(
  report: NodeReport,
  known: KnownProblems,
): { readonly facts: readonly EventFact[]; readonly known: KnownProblems } {
  const facts: EventFact[] = [];
  // Areas that were not visited come with their old report, whose problems go on.
  const problems = new Map<string, Problem>();
  for (const area of report.areas) {
    for (const problem of problemsOf(area)) problems.set(problem.key, problem);
    if (report.visited.includes(area.area)) facts.push(...doneIn(area, report.cause));
  }
  const begun = Map.groupBy(
    [...problems.values()].filter(({ key }) => !known.has(key)),
    ({ reason, area }) => `${reason} ${area}`,
  );
  for (const group of begun.values()) facts.push(problemFact(group));
  const reboot = report.conditions.find((condition) => condition.type === 'RebootRequired');
  const keys = new Set(problems.keys());
  if (reboot?.status === 'True') {
    keys.add('reboot');
    if (!known.has('reboot')) facts.push({ type: 'Normal', reason: 'RebootRequired', message: reboot.message });
  }
  const { pending } = report.status;
  const approval = report.conditions.find(({ reason }) => reason === 'AwaitingApproval');
  if (pending !== undefined && approval !== undefined) {
    const key = `approval ${pending.plan}`;
    keys.add(key);
    if (!known.has(key)) facts.push({ type: 'Normal', reason: 'AwaitingApproval', message: approval.message });
  }
  return { facts, known: keys };
}

type Change = AreaReport['remaining'][number];
type Finding = AreaReport['failures'][number];

interface Problem {
  readonly key: string;
  readonly area: string;
  readonly reason: EventReason;
  readonly target: string;
  readonly message: string;
}

function problemsOf(report: AreaReport): readonly Problem[] {
  const { area } = report;
  const found = (reason: EventReason, { target, message }: Pick<Finding, 'target' | 'message'>): Problem => ({
    key: `${reason} ${area} ${target}`,
    area,
    reason,
    target,
    message,
  });
  const drifted = report.remaining.filter((change) => !isExplained(report, change));
  return [
    ...drifted.map((change) => found('DriftDetected', { target: change.target, message: driftText(change) })),
    ...report.contested.map((finding) => found('DriftContested', finding)),
    ...[...report.failures, ...report.blocked].flatMap((finding) => {
      const reason = problemEvent(area, finding.reason);
      return reason === undefined ? [] : [found(reason, finding)];
    }),
  ];
}

/** What is held off or failed is told as that, and not as drift besides. */
function isExplained({ contested, failures, blocked }: AreaReport, { target }: Change): boolean {
  return [...contested, ...failures, ...blocked].some((finding) => finding.target === target);
}

function driftText({ target, from, to }: Change): string {
  const is = from === undefined ? 'is missing' : `is "${from}"`;
  return `${target} ${is}${to === undefined ? ' and must go' : `, wanted "${to}"`}`;
}

function problemFact(group: readonly Problem[]): EventFact {
  const [first] = group;
  const { area = '', reason = 'DriftDetected' as const } = first ?? {};
  return { type: 'Warning', reason, message: `${area}: ${summaryOf(group)}` };
}

function doneIn({ area, applied }: AreaReport, cause: NodeReport['cause']): readonly EventFact[] {
  if (applied.length === 0) return [];
  const targets = [...new Set(applied.map((change) => change.target))];
  const more = targets.length > LISTED ? ` and ${targets.length - LISTED} more` : '';
  const names = `${targets.slice(0, LISTED).join(', ')}${more}`;
  // A retry finishes what could not be done before; every other cause means that the host was changed.
  if (cause !== 'start' && cause !== 'spec' && cause !== 'retry')
    return [{ type: 'Normal', reason: 'DriftCorrected', message: `${area}: corrected ${names}` }];
  const [own] = applied.flatMap(({ scope, action }) => (scope === 'live' ? (liveWords(area, action) ?? []) : []));
  const { event, done } = own ?? { event: 'Applied', done: 'applied' };
  return [{ type: 'Normal', reason: event, message: `${area}: ${done} ${names}` }];
}
