/** Reports as log facts: each step once, each problem once until it changes, each condition when it moves. */
import type { Condition } from '../../api/status/conditions.ts';
import type { Change } from '../../areas/area.ts';
import type { NodeReport, ReportSink } from '../../reconcile/report/node-report.ts';
import type { StepEvent } from '../../reconcile/pass/context.ts';
import type { Logger } from './logger.ts';

/** A sink that also listens to single steps. */
export interface ReportLog extends ReportSink {
  readonly onStep: (event: StepEvent) => void;
}

/** Creates the sink that writes reports to the log. */
export function createReportLog(logger: Logger): ReportLog {
  let problems = new Set<string>();
  let stacks = new Set<string>();
  let conditions: readonly Condition[] = [];
  let areas: NodeReport['areas'] | undefined;
  return {
    name: 'log',
    onStep: (event) => {
      if (event.type !== 'applied') return;
      for (const change of event.changes) logger.info('Applied', { area: event.area, ...fieldsFrom(change) });
    },
    publish: async (report) => {
      // The same reports again: all of them are told.
      if (report.areas === areas) return;
      areas = report.areas;
      logDrift(report, logger);
      stacks = logDefects(report, stacks, logger);
      // What failed before and is being tried again now is known already.
      if (report.unfinished !== true) problems = logProblems(report, problems, logger);
      for (const condition of report.conditions) {
        const before = conditions.find((one) => one.type === condition.type);
        if (before?.status === condition.status && before.reason === condition.reason) continue;
        const { type, status, reason, message } = condition;
        logger.info('Condition changed', { condition: type, status, reason, detail: message });
      }
      conditions = report.conditions;
    },
  };
}

function logDrift(report: NodeReport, logger: Logger): void {
  if (report.cause === 'start' || report.cause === 'spec') return;
  for (const area of report.areas) {
    if (!report.visited.includes(area.area) || area.applied.length === 0) continue;
    const targets = area.applied.map((change) => change.target);
    logger.info('Drift corrected', { area: area.area, source: report.cause, targets });
  }
}

/** Each stack once for as long as the bug shows; the area that it is in is tried again and again. */
function logDefects(report: NodeReport, known: ReadonlySet<string>, logger: Logger): Set<string> {
  const current = new Set<string>();
  for (const { area, defects = [] } of report.areas) {
    for (const { name, message, stack = `${name}: ${message}` } of defects) {
      if (!known.has(stack) && !current.has(stack)) logger.error('Internal error, please report it', { area, stack });
      current.add(stack);
    }
  }
  return current;
}

/** A retry every few seconds must not fill the journal with the same line. */
function logProblems(report: NodeReport, known: ReadonlySet<string>, logger: Logger): Set<string> {
  const current = new Set<string>();
  for (const area of report.areas) {
    const lists = {
      failed: area.failures,
      blocked: area.blocked,
      conflicting: area.conflicts,
      contested: area.contested,
    };
    for (const [state, findings] of Object.entries(lists)) {
      for (const { target, reason, message, file, line } of findings) {
        // The length of the hold grows with every one of them.
        const key = JSON.stringify([area.area, state, target, reason, state === 'contested' ? '' : message]);
        if (!current.has(key) && !known.has(key)) {
          const place = file === undefined ? {} : { file, ...(line === undefined ? {} : { line }) };
          logger.warn('Entry is not as declared', {
            area: area.area,
            state,
            target,
            reason,
            detail: message,
            ...place,
          });
        }
        current.add(key);
      }
    }
  }
  return current;
}

function fieldsFrom(change: Change): Record<string, string> {
  const { action, target, scope } = change;
  return {
    action,
    target,
    scope,
    ...(change.from === undefined ? {} : { from: change.from }),
    ...(change.to === undefined ? {} : { to: change.to }),
  };
}
