/** Counters that areas declare for changes of one kind. */
import Counter from 'prom-client/lib/counter.js';
import type Registry from 'prom-client/lib/registry.js';
import type { AreaCounter } from '../../areas/surroundings.ts';
import type { AreaReport } from '../../reconcile/report/report.ts';
import { RESULTS } from './instruments.ts';

/** Registers the counters, every label set present, and counts what a report of an area adds to them. */
export function changeCounters(registry: Registry, declared: readonly AreaCounter[]): (report: AreaReport) => void {
  const counters = declared.map(({ name, help, label, targets, action }) => {
    const counter = new Counter({
      name: `nodeprep_${name}`,
      help,
      labelNames: [label, 'result'],
      registers: [registry],
    });
    for (const value of Object.keys(targets)) for (const result of RESULTS) counter.inc({ [label]: value, result }, 0);
    return ({ applied, failures }: AreaReport) => {
      for (const [value, target] of Object.entries(targets)) {
        const made = applied.filter((change) => change.action === action && change.target === target);
        counter.inc({ [label]: value, result: 'success' }, made.length);
        const failed = failures.filter((finding) => finding.target === target);
        counter.inc({ [label]: value, result: 'failure' }, failed.length);
      }
    };
  });
  return (report) => {
    for (const count of counters) count(report);
  };
}
