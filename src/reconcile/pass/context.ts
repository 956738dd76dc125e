/** What a pass works with, and what it tells while it works. */
import type { AreaName } from '../../api/spec/nodeprep.ts';
import type { Change, Finding } from '../../areas/area.ts';
import type { Host } from '../../host/host.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AreaReport } from '../report/report.ts';
import type { PlanDraft } from './draft-steps.ts';

/** Told as it happens, for progress lines and logs. */
export type StepEvent =
  | { readonly type: 'applying'; readonly area: AreaName; readonly changes: readonly Change[] }
  | { readonly type: 'applied'; readonly area: AreaName; readonly changes: readonly Change[] }
  | {
      readonly type: 'failed';
      readonly area: AreaName;
      readonly changes: readonly Change[];
      readonly finding: Finding;
    };

/** What a pass works with. */
export interface PassContext {
  readonly host: Host;
  readonly ledger: Ledger;
  readonly signal: AbortSignal;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** Stops after the plan, whatever the mode of the spec. */
  readonly dryRun?: boolean;
  /** Where a dry run tries the steps, to know the files that they would write. */
  readonly draft?: PlanDraft;
  /** Whether the time for changes is over: no further step begins. */
  readonly isOver?: () => boolean;
  /** Why a change is held off now because another program keeps undoing it; `undefined` lets it through. */
  readonly holdOff?: (area: AreaName, change: Change, rival: string | undefined) => Finding | undefined;
  /** Corrections of an area that are tried after a hold and may be undone any moment. */
  readonly onTrial?: (area: AreaName) => readonly Finding[];
  /** Whether a chain with these changes may disturb the node now. Absent: it may not. */
  readonly mayDisturb?: (area: AreaName, changes: readonly Change[]) => boolean;
  /** The boot waits for this pass, and so does every unit that is ordered after it. */
  readonly isBootGate?: boolean;
  readonly onStep?: (event: StepEvent) => void;
  /** Told before anything of an area is changed: how it stands until the changes are made. */
  readonly onPlan?: (area: AreaName, report: () => AreaReport) => void;
}
