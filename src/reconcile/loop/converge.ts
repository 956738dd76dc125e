/** One-shot convergence for `bootstrap` and `uninstall`: rounds until there is nothing to wait for. */
import { doubling } from '../../host/doubling.ts';
import { pause } from '../../areas/pause.ts';
import type { Engine } from './engine.ts';
import { wantsRetry } from './loop.ts';
import type { NodeReport, SpecSnapshot } from '../report/node-report.ts';

/** How long to go on. */
export interface ConvergeOptions {
  readonly timeoutMs: number;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** Told after a round that will be repeated, with the pause before the next one. */
  readonly onWait?: (report: NodeReport, waitMs: number) => void;
}

/** Left for the last round: one that the deadline cuts off reports what is left to do, and no longer why it failed. */
const LAST_ROUND_MS = 1000;

const waitMs = doubling({ firstMs: 250, longestMs: 5000 });

/** Repeats rounds while something transient is in the way and time is left; returns the last report. */
export async function converge(
  engine: Engine,
  snapshot: SpecSnapshot,
  options: ConvergeOptions,
  signal: AbortSignal,
): Promise<NodeReport> {
  const end = options.clock() + options.timeoutMs;
  // A command that hangs must leave time for the other areas.
  const patienceMs = () => Math.max((end - options.clock()) / 2, 0);
  let report = await engine.round({ snapshot, cause: 'start', patienceMs: patienceMs() }, signal);
  for (let tries = 1; isTransient(report); tries += 1) {
    const pauseMs = Math.min(waitMs(tries), end - options.clock() - LAST_ROUND_MS);
    if (pauseMs <= 0) break;
    options.onWait?.(report, pauseMs);
    await pause(pauseMs, signal);
    report = await engine.round({ snapshot, cause: 'retry', patienceMs: patienceMs() }, signal);
  }
  return report;
}

function isTransient(report: NodeReport): boolean {
  return report.areas.some((area) => {
    const findings = [...area.failures, ...area.blocked].filter((finding) => finding.waitsFor === undefined);
    return wantsRetry(area) && findings.some((finding) => finding.transient === true);
  });
}

/** How a one-shot command ended, as its exit code: 0 ready, 3 ready after a boot, 2 neither. */
export function exitCodeFrom(report: NodeReport): 0 | 2 | 3 {
  const ready = report.conditions.find((condition) => condition.type === 'Ready');
  if (ready?.status === 'True') return 0;
  return ready?.reason === 'RebootRequired' ? 3 : 2;
}
