/** The shape of rules as Prometheus reads them, and words that several of them share. */

/** A rule that records the value of an expression under a name. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

/** A rule that raises an alert. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: Severity };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

/** `critical` pages, `warning` is for working hours, `info` is for reports. */
export type Severity = 'critical' | 'warning' | 'info';

/** Rules that are evaluated together, in their order. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (RecordingRule | AlertRule)[];
}

/** Where the runbooks of docs/runbooks are published. */
const RUNBOOKS = 'https://nodeprep.dev/docs/runbooks';

/** The node in the text of an alert, by whichever label names it. */
export const NODE = '{{ or $labels.node $labels.instance }}';

/** What tells an agent from all others, in every way of scraping. */
export const AGENT = 'cluster, job, instance';

/** An alert with the link to its runbook. */
export function alert(
  name: string,
  severity: Severity,
  after: string,
  expr: string,
  summary: string,
  description: string,
): AlertRule {
  return {
    alert: name,
    expr,
    for: after,
    labels: { severity },
    annotations: { summary, description, runbook_url: `${RUNBOOKS}/${name}.md` },
  };
}
