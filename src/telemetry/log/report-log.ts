/** Reports as log facts: each change once, each problem once until it changes, each condition when it moves. */
import type { Condition } from '../../api/status/conditions.ts';
import type { Change, Finding } from '../../areas/area.ts';
import type { NodeReport, PassCause, ReportSink } from '../../reconcile/report/node-report.ts';
import { type SameFindings, sameFindings } from '../../reconcile/report/same-findings.ts';
import type { StepEvent } from '../../reconcile/pass/context.ts';
import type { Logger } from './logger.ts';
import { sentenceOf } from './sentence.ts';

/** A sink that also listens to single steps. */
export interface ReportLog extends ReportSink {
  readonly onStep: (event: StepEvent, cause: PassCause) => void;
}

/** Creates the sink that writes reports to the log. */
export function createReportLog(logger: Logger): ReportLog {
  let problems = new Set<string>();
  let stacks = new Set<string>();
  let conditions: readonly Condition[] = [];
  let areas: NodeReport['areas'] | undefined;
  return {
    name: 'log',
    onStep: (event, cause) => {
      if (event.type === 'applied') logChanges(event.area, event.changes, cause, logger);
    },
    publish: async (report) => {
      // The same reports again: all of them are told.
      if (report.areas === areas) return;
      areas = report.areas;
      stacks = logDefects(report, stacks, logger);
      // What failed before and is being tried again now is known already.
      if (report.unfinished !== true) problems = logProblems(report, problems, logger);
      for (const condition of report.conditions) {
        const before = conditions.find((one) => one.type === condition.type);
        if (before?.status === condition.status && before.reason === condition.reason) continue;
        const { type, status, reason, message } = condition;
        const data = { condition: type, status, reason, detail: message };
        logger.info(`Condition changed: ${type} is ${status}, ${reason}: ${message}`, {}, data);
      }
      conditions = report.conditions;
    },
  };
}

/** A line for each change of the running system; what a step changes for the next boot, often one file, is one line. */
function logChanges(area: string, changes: readonly Change[], cause: PassCause, logger: Logger): void {
  const isDrift = cause !== 'start' && cause !== 'spec';
  const source = isDrift ? { source: cause } : {};
  const after = isDrift ? ` (noticed by ${cause})` : '';
  const later = changes.filter(({ scope }) => scope === 'persistent');
  for (const change of changes.filter(({ scope }) => scope === 'live')) {
    logger.info(
      `${isDrift ? 'Drift corrected: ' : ''}${sentenceOf(change)}${after}`,
      {},
      { area, ...source, ...fieldsFrom(change) },
    );
  }
  if (later.length === 0) return;
  const [only] = later;
  const data =
    later.length === 1 && only !== undefined
      ? fieldsFrom(only)
      : { scope: 'persistent', targets: later.map(({ target }) => target) };
  const head = isDrift ? 'Drift corrected for the next boot' : 'For the next boot';
  logger.info(`${head}: ${later.map(sentenceOf).join('; ')}${after}`, {}, { area, ...source, ...data });
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
      const fresh = findings.filter((finding) => {
        // The length of the hold grows with every one of them.
        const message = state === 'contested' ? '' : finding.message;
        const key = JSON.stringify([area.area, state, finding.target, finding.reason, message]);
        const isNew = !current.has(key) && !known.has(key);
        current.add(key);
        return isNew;
      });
      for (const group of sameFindings(fresh, apart)) logGroup(area.area, state, group, logger);
    }
  }
  return current;
}

/** One line for findings that differ in nothing but their entry. */
function logGroup(area: string, state: string, group: SameFindings<Finding>, logger: Logger): void {
  const { findings, message } = group;
  const [{ target, reason, file, line }] = findings;
  const targets = findings.map((one) => one.target);
  const [about, verb] = targets.length === 1 ? [{ target }, 'is'] : [{ targets }, 'are'];
  const place = file === undefined ? {} : { file, ...(line === undefined ? {} : { line }) };
  const data = { area, state, ...about, reason, detail: message, ...place };
  logger.warn(`${targets.join(', ')} ${verb} not as declared, ${state}, ${reason}: ${message}`, {}, data);
}

function apart({ reason, file, line }: Finding): string {
  return JSON.stringify([reason, file, line]);
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
