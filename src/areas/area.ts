/**
 * The central interface. A spec goes in; an area observes the host, plans and applies, and the
 * engine in `reconcile/` turns what happened into a report. An area holds no state and no mode
 * checks: dry run, Audit and removal are the engine stopping early or planning for an empty part.
 */
import type { AreaName, NodePrepSpec } from '../api/spec/nodeprep.ts';
import type { Reason } from '../api/status/conditions.ts';
import type { Hint, Host, HostReader } from '../host/host.ts';
import type { Surroundings } from './surroundings.ts';

/** One thing a step changes, as plans print and metrics count it. */
export interface Change {
  readonly action:
    | 'create'
    | 'update'
    | 'delete'
    | 'load'
    | 'unload'
    | 'enable'
    | 'disable'
    | 'start'
    | 'stop'
    | 'restart';
  /** What is changed, as an administrator names it: `net.ipv4.ip_forward`, `/dev/sda2`. */
  readonly target: string;
  readonly from?: string;
  readonly to?: string;
  /** `live` ends with the boot, `persistent` takes effect at the next one. */
  readonly scope: 'live' | 'persistent';
  /** The file that holds the change when the target is one entry in it. */
  readonly file?: string;
  /** Which of several things of one name this is, such as the number of a network interface: another one was made anew. */
  readonly incarnation?: string;
  /** Left wrong it can cut the node or its pods off: a fight over it is never left alone for more than a minute. */
  readonly urgent?: true;
  /**
   * What applying it disturbs. A chain with `Restart` or `Drain` waits for an approval while there is something to
   * disturb. `Reboot` is made by the next reboot and never holds another step.
   */
  readonly disruption: 'None' | 'Restart' | 'Drain' | 'Reboot';
}

/**
 * What is recorded before something is changed for the first time, and what we are about to write.
 * `key` is unique in its area, such as `live:net.ipv4.ip_forward` or `file:/etc/fstab`.
 */
export interface Memo {
  readonly key: string;
  readonly original: Original;
  /** The value that the step writes; absent when it removes or cannot be compared later. */
  readonly wrote?: string;
}

/** State before NodePrep. `unknown`: we own it already but the record is lost, so it is never restored live. */
export type Original =
  | { readonly state: 'value'; readonly value: string }
  | { readonly state: 'absent' }
  | { readonly state: 'unreadable' | 'unknown'; readonly why: string };

/** A recorded original. `wrote` holds the last two values written, newest last: a crash can leave either. */
export interface Remembered {
  readonly key: string;
  readonly original: Original;
  readonly wrote: readonly string[];
  /** RFC 3339 times of the first and of the last change. */
  readonly since: string;
  readonly changed: string;
  /** The boot in which the thing was no longer declared and stayed as we made it; its original counts until the next one. */
  readonly leftIn?: string;
}

/**
 * What the ledger remembers of one area, by key. A change that counts only once a probe has confirmed it is a trial:
 * the step that begins it has a memo such as `trial:DIGEST`, on disk before the host is touched. While the host shows
 * the trial, the plan has a finding with `waitsFor: 'confirmation'`, then a step that confirms or undoes it and forgets
 * the memo. A memo without a trial on the host means that it expired or never began, so nothing is lost by a kill.
 */
export type Memory = ReadonlyMap<string, Remembered>;

/** One action of `apply`: done at once, printed and counted as its changes. Safe to repeat after a crash. */
export interface Step {
  readonly changes: readonly [Change, ...Change[]];
  /** Written to the ledger and synced before the first step of the plan. */
  readonly memos?: readonly Memo[];
  /** Ledger keys that are done with once this very step has succeeded; what no step is about is `Plan.spent`. */
  readonly forgets?: readonly string[];
  /** Steps of one chain run in order; after a failure the rest of that chain is left out. */
  readonly chain?: string;
  /** Another chain without which the step would do harm: it is left out when a step of that failed or has to wait. */
  readonly needs?: string;
  /** Why the step waits when its disruption is `Reboot`, or for what `waitsFor` names. */
  readonly reason?: Reason;
  /**
   * `drain`: not while the pods of the node run, approved or not; the plan leaves it out once they are gone.
   * `boot gate`: it needs a unit that starts after the boot unit, such as the runtime, so the daemon does it.
   */
  readonly waitsFor?: 'drain' | 'boot gate';
  /** The spec itself allows what it disturbs, so no approval is asked for. */
  readonly allowedBy?: 'spec';
  /** `Report`: shown as drift, never applied (an entry with `drift: Report`). */
  readonly policy?: 'Report';
}

/** Whether a step disturbs the node, and so waits for an approval while there is something to disturb. */
export function needsApproval({ changes, allowedBy }: Step): boolean {
  return (
    allowedBy === undefined && changes.some(({ disruption }) => disruption === 'Restart' || disruption === 'Drain')
  );
}

/** An obstacle, or something left on purpose, with what an administrator must know. */
export interface Finding {
  /** Name of the entry, or the file or device concerned. */
  readonly target: string;
  readonly reason: Reason;
  /** What happened, why it matters on a Kubernetes node, what to do. */
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  /** `false` when the entry may be missing without making the area not ready. Default true. */
  readonly required?: boolean;
  /** True when waiting may help, such as memory that could become free. */
  readonly transient?: boolean;
  /**
   * What makes it go away does not happen before the boot has gone on: an approval, the confirmation of a trial, or
   * a unit that starts later. Its entries are pending, not blocked, and the boot does not wait for them.
   */
  readonly waitsFor?: 'approval' | 'confirmation' | 'unit';
  /** Looks again after so long, for what no hint tells, such as the end of a trial. */
  readonly retryAfterMs?: number;
}

/** One declared entry next to what the host shows. */
export interface EntryView {
  readonly name: string;
  readonly required: boolean;
  readonly desired: string;
  /** Live state in the words of `desired`; absent when there is none or no live kernel to ask. */
  readonly live?: string;
  /** Persistent state in the words of `desired`; absent when nothing is persisted by us. */
  readonly persistent?: string;
}

/** What would be done, and what is in the way. */
export interface Plan<S extends Step = Step> {
  readonly entries: readonly EntryView[];
  readonly steps: readonly S[];
  /** Entries that cannot be reached now. */
  readonly blocked: readonly Finding[];
  /** Entries that another file or program overrides, with file and line. */
  readonly conflicts: readonly Finding[];
  /** What removal leaves alone on purpose, and why. */
  readonly left: readonly Finding[];
  /**
   * Ledger keys of what is no longer declared and stays as we made it until the next reboot: until then it may come back
   * under another policy, and the original must be known.
   */
  readonly leaves?: readonly string[];
  /** Ledger keys that are done with once every persistent step of the plan is done, or at once when there is none. */
  readonly spent?: readonly string[];
}

/** One file that has a say in an entry, in the order in which the boot reads them. */
export interface Source {
  readonly file: string;
  readonly line?: number;
  readonly value: string;
  readonly wins: boolean;
  /** Set when the file is read by one reader only, such as `procps only`. */
  readonly note?: string;
}

/** Everything known about one entry; the texts come from the area's `knowledge.ts`. */
export interface Explanation {
  readonly name: string;
  /** Neither the texts nor this host know it: it may be misspelt. */
  readonly isUnknown?: true;
  /** Why Kubernetes needs it. */
  readonly why: string;
  /** What breaks without it. */
  readonly breaks: string;
  /** The error that people see. */
  readonly symptom: string;
  /** Who asks for it: `kubeadm`, `kubelet`, `containerd`… */
  readonly askedBy: readonly string[];
  readonly desired?: string;
  readonly live?: string;
  readonly sources: readonly Source[];
  /** Keys of the area's memory that concern the entry, for original value and last change. */
  readonly memoryKeys: readonly string[];
  /** Further keys that tell only when something of the entry changed: files that hold other entries, too. */
  readonly changeKeys?: readonly string[];
  /** Facts without a place of their own, such as a known rival. */
  readonly notes: readonly string[];
}

/** One line of the `verify` checklist. */
export interface Check {
  /** What is verified, as the guides word it: `swap is off`. */
  readonly title: string;
  /** What was looked at: `/proc/swaps`. */
  readonly looked: string;
  readonly found: string;
  /** `warn` never fails `verify`: it is outside the spec, or optional. `skip`: cannot be seen here. */
  readonly outcome: 'pass' | 'warn' | 'fail' | 'skip';
  /** What breaks on a Kubernetes node, and what to do; shown unless it passes. */
  readonly consequence: string;
}

/**
 * One aspect of the host that NodePrep keeps as declared, such as sysctls.
 * Members are property functions on purpose: with method syntax TypeScript would let `observe`
 * demand the writing `Host`.
 */
export interface Area<Desired, Observed, S extends Step = Step> extends Surroundings {
  readonly name: AreaName;
  /** Takes this area's part of the spec. An absent part means "own nothing". */
  readonly desired: (spec: NodePrepSpec) => Desired;
  /**
   * Reads the host. `HostReader` has no write methods, so this cannot change it. `memory` says what
   * to look at besides what is declared: what was changed once and may have to go back.
   */
  readonly observe: (host: HostReader, desired: Desired, signal: AbortSignal, memory?: Memory) => Promise<Observed>;
  /** Pure. The steps, in order, that turn `observed` into `desired`, and what stands in the way. */
  readonly plan: (desired: Desired, observed: Observed, memory: Memory) => Plan<S>;
  /**
   * Performs one step. Throws `StepError` when it knows the reason; errors of the host become `ApplyFailed`,
   * and anything else is a bug, `InternalError`.
   * May return the changes that were really made when the host needed fewer than planned.
   */
  readonly apply: (host: Host, step: S, signal: AbortSignal) => Promise<readonly Change[] | void>;
  /** Where a change hints at drift. The resync covers what no watch can see. */
  readonly hints: (desired: Desired) => readonly Hint[];
  /** The likely other party when `target` is contested, such as `kube-proxy`. */
  readonly rival: (target: string) => string | undefined;
  /** `undefined` when the area knows nothing by that name. */
  readonly explain: (entry: string, desired: Desired, observed: Observed) => Explanation | undefined;
  /** The verification steps of the guides for this area. */
  readonly verify: (desired: Desired, observed: Observed) => readonly Check[];
}

/** What is known of a failure besides its reason. */
export interface StepErrorOptions extends ErrorOptions {
  /** Waiting may help. */
  readonly transient?: boolean;
  /** Another step of the plan may make it possible: it is tried again in the same pass once others have succeeded. */
  readonly dependsOnOthers?: boolean;
}

/** A step failed for a reason that the condition vocabulary has a word for. */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly reason: Reason;
  readonly transient: boolean;
  readonly dependsOnOthers: boolean;

  constructor(reason: Reason, message: string, options: StepErrorOptions = {}) {
    super(message, options);
    this.reason = reason;
    this.transient = options.transient ?? false;
    this.dependsOnOthers = options.dependsOnOthers ?? false;
  }
}
