/**
 * From what is declared and what is there to steps and findings. Live values first, wide ones
 * before narrow ones; then our files, which take only what the kernel holds by then; then what is
 * given back. With a value given back its record goes: as long as our file has the name, a start
 * after a crash would take the value for ours and its original for lost. Pure.
 */
import type { Finding, Memory, Plan } from '../../area.ts';
import type { Desired } from '../desired.ts';
import { compareForWriting } from '../values/key-path.ts';
import type { Observed } from '../observe/observe.ts';
import { chainProblems, conflictsOf, rulesConflict } from './plan-conflicts.ts';
import { hasLateKey } from '../boot-files/own-files.ts';
import { contextFrom } from './plan-context.ts';
import { planEntry } from './plan-entry.ts';
import { planConf, planRules, spentFiles } from './plan-files.ts';
import { planRemoval } from './plan-removal.ts';
import type { SysctlStep } from './steps.ts';

/** Plans the area. */
export function planSysctls(desired: Desired, observed: Observed, memory: Memory): Plan<SysctlStep> {
  const context = contextFrom(desired, observed, memory);
  const planned = desired.entries.map((entry) => ({ entry, ...planEntry(entry, context) }));
  const lines = planned.flatMap(({ line }) => (line === undefined ? [] : [line]));
  const live = planned
    .flatMap(({ step }) => (step === undefined ? [] : [step]))
    .toSorted((a, b) => compareForWriting(a.entry.name, b.entry.name));
  const removal = planRemoval(context);
  const conf = planConf(lines, context);
  const names = lines.map((line) => line.entry.name);
  const rules = planRules(names, context);
  const files: SysctlStep[] = [conf, rules].filter((step) => step !== undefined);
  const conflicts = planned.flatMap(({ entry, line, blocked }): readonly Finding[] =>
    blocked !== undefined && line === undefined ? [] : conflictsOf(entry, line !== undefined, context),
  );
  return {
    entries: planned.map(({ view }) => view),
    steps: [...live, ...files, ...removal.steps],
    blocked: planned.flatMap(({ blocked }) => (blocked === undefined ? [] : [blocked])),
    conflicts: [...conflicts, ...rulesConflict(hasLateKey(names), context), ...chainProblems(context)],
    left: removal.left,
    leaves: removal.leaves,
    spent: [...removal.spent, ...spentFiles(names, context)],
  };
}
