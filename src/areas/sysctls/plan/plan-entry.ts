/** What one declared parameter needs: a live step, a line for the next reboot, or a reason why not. Pure. */
import type { WantedSysctl } from '../desired.ts';
import { meantSysctl } from '../../../api/names/usual-sysctls.ts';
import type { Reason } from '../../../api/status/conditions.ts';
import { deniedSysctl } from '../../../api/names/sysctl-names.ts';
import { floorProblem } from '../../../api/names/sysctl-values.ts';
import { memoryProblem } from '../values/memory.ts';
import type { EntryView, Finding, Original } from '../../area.ts';
import { memoised } from '../../memoised.ts';
import { cutsOff } from '../values/hazards.ts';
import { keyPathFrom } from '../values/key-path.ts';
import { isZeroedBy, togetherProblem } from '../values/together.ts';
import { describeWanted, formProblem, isEqual, isSatisfied, mergedValue } from '../values/match.ts';
import type { LiveState } from '../observe/observe.ts';
import { liveKey } from '../boot-files/own-files.ts';
import { bootValue } from './plan-boot.ts';
import type { PlanContext } from './plan-context.ts';
import { providerOf } from '../knowledge/providers.ts';
import type { ConfLine, LiveStep } from './steps.ts';

/** The plan for one entry. */
export interface EntryPlan {
  readonly view: EntryView;
  readonly step?: LiveStep;
  readonly line?: ConfLine;
  readonly blocked?: Finding;
}

/** Plans one entry. */
export function planEntry(entry: WantedSysctl, context: PlanContext): EntryPlan {
  const { observed, own } = context;
  const live = observed.live.get(entry.name);
  const view: EntryView = {
    name: entry.name,
    required: entry.required,
    desired: describeWanted(entry),
    ...(live?.state === 'value' ? { live: live.value } : {}),
    ...(own.has(entry.name) ? { persistent: own.get(entry.name) as string } : {}),
  };
  const blocked = refusal(entry, context, live);
  if (blocked !== undefined) return { view, blocked, ...keptLine(entry, context, blocked.reason) };
  const value = observed.readOnly.has(entry.name) ? undefined : bootValue(entry, context);
  const line = (isWaiting: boolean) => (value === undefined ? {} : { line: { entry, value, isWaiting } });
  if (!observed.hasLive || live === undefined) return { view, ...line(false) };
  if (isInForce(entry, live, own)) return { view, ...line(false) };
  if (live.state === 'value' && entry.drift !== 'Correct' && wasApplied(entry, live.value, context)) {
    const listed = own.has(entry.name) ? line(false) : {};
    return entry.drift === 'Ignore' ? { view, ...listed } : { view, ...listed, step: reportStep(entry, live, context) };
  }
  return { view, step: liveStep(entry, live, context), ...line(live.state === 'absent') };
}

/** Whether the live side is as declared, as far as the kernel lets anyone see. */
function isInForce(entry: WantedSysctl, live: LiveState, own: ReadonlyMap<string, string>): boolean {
  if (live.state === 'value') return isSatisfied(entry, live.value);
  if (live.state === 'absent') return false;
  // A write-only key can never be verified: our own file lists it only after a write that succeeded.
  const listed = own.get(entry.name);
  return isForbiddenRead(live) && listed !== undefined && isSatisfied(entry, listed);
}

/** Whether reading is refused for good, other than EIO before the first write (net.ipv6.conf.*.stable_secret). */
export function isForbiddenRead(live: LiveState): boolean {
  return live.state === 'unreadable' && (live.code === 'EACCES' || live.code === 'EPERM');
}

/**
 * Whether the declared value was in force before, so that a deviation is drift and not a first
 * application. Our file lists only values that the kernel held. What needs no line there is known
 * from the ledger, which is written before the kernel is: so the live value must have left its
 * original since.
 */
function wasApplied(entry: WantedSysctl, live: string, context: PlanContext): boolean {
  const listed = context.own.get(entry.name);
  if (listed !== undefined) return isSatisfied(entry, listed);
  if (bootValue(entry, context) !== undefined) return false;
  const known = context.memory.get(liveKey(entry.name));
  const last = known?.wrote.at(-1);
  if (known === undefined || last === undefined || !isSatisfied(entry, last)) return false;
  return known.original.state !== 'value' || !isEqual(known.original.value, live);
}

function liveStep(entry: WantedSysctl, live: LiveState, context: PlanContext): LiveStep {
  const keyPath = keyPathFrom(entry.name);
  const to = mergedValue(entry, live.state === 'value' ? live.value : undefined);
  const provider = live.state === 'absent' ? providerOf(keyPath) : undefined;
  const incarnation = context.observed.interfaces.get(entry.name);
  return {
    kind: 'live',
    entry,
    ...(provider === undefined ? {} : { provider }),
    chain: liveKey(entry.name),
    changes: [
      {
        action: live.state === 'absent' ? 'create' : 'update',
        target: entry.name,
        ...(live.state === 'value' ? { from: live.value } : {}),
        to,
        scope: 'live',
        disruption: 'None',
        ...(cutsOff(keyPath) ? { urgent: true } : {}),
        ...(incarnation === undefined ? {} : { incarnation }),
      },
    ],
    memos: [{ key: liveKey(entry.name), original: originalFrom(entry.name, live, context), wrote: to }],
  };
}

function reportStep(entry: WantedSysctl, live: LiveState, context: PlanContext): LiveStep {
  return { ...liveStep(entry, live, context), policy: 'Report' };
}

function originalFrom(name: string, live: LiveState, { own, memory }: PlanContext): Original {
  if (own.has(name) && !memory.has(liveKey(name))) {
    return { state: 'unknown', why: 'NodePrep already kept this value when its record of originals was lost' };
  }
  if (live.state === 'value') return { state: 'value', value: live.value };
  return live.state === 'absent' ? { state: 'absent' } : { state: 'unreadable', why: live.why };
}

const denialOf = memoised(deniedSysctl);

/** Why the entry cannot be reached at all. */
function refusal(entry: WantedSysctl, context: PlanContext, live: LiveState | undefined): Finding | undefined {
  const { desired, observed } = context;
  const finding = (reason: Reason, message: string): Finding => ({
    target: entry.name,
    reason,
    message: `Cannot set "${entry.name}": ${message}`,
    ...(entry.required ? {} : { required: false }),
  });
  const denied = denialOf(entry.name);
  if (denied !== undefined) return finding('SysctlDenied', `${denied}; remove the entry`);
  const brick =
    floorProblem(entry.name, entry.value, entry.match) ??
    memoryProblem(entry, observed.memory) ??
    togetherProblem(entry.name, (name) => valueToBe(name, context), observed.memory);
  if (brick !== undefined) return finding('SysctlDenied', `${brick}; declare another value`);
  if (/\p{Cc}/u.test(entry.meaning.text)) {
    return finding('SysctlRejected', 'the value holds a control character, which no file of sysctl.d can carry');
  }
  if (!observed.hasLive) {
    if (observed.kernel !== 'running') return undefined;
    return finding(
      'HostUnsupported',
      '/proc/sys is not there; mount /proc, or run NodePrep with the /proc of the host',
    );
  }
  if (live?.state === 'absent') {
    const provider = providerOf(keyPathFrom(entry.name));
    if (provider !== undefined && desired.declaredModules.has(provider)) return undefined;
    if (provider !== undefined) {
      return finding(
        'WaitingForModule',
        `the parameter appears only with the kernel module "${provider}", which is not loaded${meantHint(entry.name, 'declare it under spec.modules')}`,
      );
    }
    return finding(
      'SysctlUnsupported',
      live.why ??
        `the running kernel has no such parameter${meantHint(entry.name, 'check the spelling')}, or set "optional: true" if it depends on the kernel`,
    );
  }
  if (live?.state !== 'value' || isSatisfied(entry, live.value)) return undefined;
  if (observed.readOnly.has(entry.name)) {
    return finding(
      'SysctlRejected',
      `it is read-only: the kernel shows "${live.value}" and takes no value; remove the entry`,
    );
  }
  const problem = formProblem(entry, live.value);
  return problem === undefined ? undefined : finding('SysctlRejected', problem);
}

/** What a parameter has once the spec is applied. */
function valueToBe(name: string, { desired, observed }: PlanContext): string | undefined {
  const live = observed.live.get(name);
  const now = live?.state === 'value' ? live.value : observed.companions.get(name);
  const declared = desired.entries.find((entry) => entry.name === name);
  if (declared === undefined && desired.entries.some((entry) => isZeroedBy(name, entry.name))) return '0';
  return declared === undefined ? now : mergedValue(declared, now);
}

/** What to do about a name that is not there: another spelling when there is one close by. */
function meantHint(name: string, otherwise: string): string {
  const meant = meantSysctl(name);
  return meant === undefined ? `; ${otherwise}` : ` (did you mean "${meant}"?); correct the name`;
}

/**
 * A line that the kernel once confirmed stays while its module or interface is away: at every boot
 * the bootstrap runs before most interfaces exist. What the kernel does not know at all goes.
 */
function keptLine(entry: WantedSysctl, context: PlanContext, reason: Reason): Pick<EntryPlan, 'line'> {
  const listed = context.own.get(entry.name);
  const keyPath = keyPathFrom(entry.name);
  const live = context.observed.live.get(entry.name);
  // A refused value is not written: the last good one stays.
  const isRefused = reason === 'SysctlDenied' && denialOf(entry.name) === undefined;
  if (isRefused && listed !== undefined) return { line: { entry, value: listed, isWaiting: true } };
  const isAway = reason === 'WaitingForModule' || reason === 'HostUnsupported' || isInterfaceAway(live, keyPath);
  if (listed === undefined || !isAway || !isSatisfied(entry, listed)) return {};
  return { line: { entry, value: listed, isWaiting: true } };
}

function isInterfaceAway(live: LiveState | undefined, keyPath: string): boolean {
  return live?.state === 'absent' && live.why !== undefined && /^net\/ipv[46]\//.test(keyPath);
}
