/**
 * Which programs restart so that kernel, runtime and kubelet have one driver, and in which order. Pure.
 *
 * While a kubelet runs, it is stopped first and started last, so that no pod starts between the old driver and the new
 * one. Pods of the old driver are stopped in between and made anew by the kubelet, the one of NodePrep at the very end.
 * Everything is derived from what the host shows: a kill at any step leaves a host on which the rest is planned again.
 */
import type { CgroupDriver, CgroupSpec } from '../../../api/parts/cgroup.ts';
import { type Change, type Finding, needsApproval, type Step } from '../../area.ts';
import { KUBELET_UNIT } from '../../kubelet.ts';
import { runsPods } from '../../pod-groups.ts';
import type { Observed } from '../observe/observe.ts';
import type { Trial } from '../observe/move.ts';
import { driverOf, handlersOf, restartedUnit, type RuntimeObserved, SOCKETS } from '../observe/runtimes.ts';
import { trialKey } from '../keys.ts';
import { sumOfText } from '../refused.ts';
import { saysDriver } from '../observe/runtime-config.ts';
import { asksRuntime } from '../observe/writing/writers.ts';
import { kubeletDriver } from './drivers.ts';
import {
  chainOf,
  type CgroupStep,
  type GoBackStep,
  type KubeletStep,
  type PodsStep,
  type RestartStep,
  type WriteStep,
  type WrittenFile,
} from './steps.ts';
import { isProved } from './trials.ts';

/** What is done about the driver. */
export interface Move {
  readonly steps: readonly CgroupStep[];
  /** Texts that a runtime did not take. */
  readonly findings: readonly Finding[];
  /** Ledger keys of texts that are proved, or that no file has. */
  readonly spent: readonly string[];
}

/** All steps of one move wait for each other, whichever program they are of. */
const CHAIN = 'driver';
/** Of its own: whatever fails, the kubelet starts again. */
const START_CHAIN = 'driver:start';

/** Plans the restarts around the given writes. `spec` is absent when files go back because nothing is declared any more. */
export function planMove(
  spec: CgroupSpec | undefined,
  observed: Observed,
  writes: readonly WriteStep[],
): Move & { readonly isHeld: boolean } {
  const { move } = observed;
  const refused = writes.flatMap(({ file, after }) =>
    move.refused.filter((one) => one.file === file && one.sha256 === sumOfText(after ?? '')),
  );
  const unfinished = move.refused.filter(({ isBack }) => !isBack);
  const findings = refused.map(
    ({ file, why }): Finding => ({ target: 'cgroup', reason: 'RuntimeRestartFailed', message: why, file }),
  );
  const steps =
    unfinished.length > 0
      ? unfinished.map((one) => goBack(one, observed))
      : refused.length > 0
        ? []
        : moveSteps(spec, observed, writes);
  const all = steps.some(({ kind }) => kind === 'start-kubelet') ? steps : [...steps, ...awaitedStart(observed)];
  const needed = new Set(all.flatMap(({ memos = [] }) => memos.map(({ key }) => key)));
  const spent = move.trials.filter((trial) => !needed.has(trial.key) && isOver(trial, observed));
  return {
    steps: all,
    findings,
    spent: spent.map(({ key }) => key),
    isHeld: all.some(needsApproval),
  };
}

/** A text that is gone has nothing to prove. */
function isOver({ isThere, user }: Trial, { runtimes }: Observed): boolean {
  return !isThere || isProved(runtimes.find(({ name }) => name === user));
}

function goBack(refused: GoBackStep['refused'], { runtimes }: Observed): GoBackStep {
  const { file, user } = refused;
  const isRunning = runtimes.some(({ name, isUnitRunning }) => name === user && isUnitRunning);
  return {
    kind: 'go-back',
    refused,
    chain: `back:${user}`,
    changes: [{ action: 'update', target: file, to: 'as before', scope: 'persistent', disruption: 'None' }],
    ...(isRunning ? atDaemon : {}),
  };
}

/** The boot waits for NodePrep and the runtime for the boot, so that a restart would never end. */
const atDaemon = { waitsFor: 'boot gate' } as const;

function moveSteps(
  spec: CgroupSpec | undefined,
  observed: Observed,
  writes: readonly WriteStep[],
): readonly CgroupStep[] {
  const { kubelet, move, pods, used } = observed;
  const driver = spec?.driver;
  const ofKubelet = writes.filter(({ kind }) => kind === 'write-kubelet');
  const ofRuntimes = writes.filter(({ kind }) => kind === 'write-runtime');
  const restarts = observed.runtimes.filter((runtime) =>
    isRestarted(runtime, { driver, observed, writes: ofRuntimes }),
  );
  const isSetUp = kubelet?.isSetUp === true;
  // Alone, the runtime would part from a kubelet whose driver cannot be changed.
  const isStuck = isSetUp && kubelet.driver !== driver && ofKubelet.length === 0 && !asksRuntime(observed);
  if (driver !== undefined && isStuck) return [];
  const isKubeletMoved = ofKubelet.length > 0 || (restarts.length > 0 && isSetUp);
  const isMisplaced = driver !== undefined && (pods.strays > 0 || pods[driver === 'systemd' ? 'cgroupfs' : 'systemd']);
  const hasPods = runsPods(pods) || (used?.answer?.pods ?? 0) > 0;
  const isMoving = restarts.length > 0 || (isKubeletMoved && (move.isKubeletRunning || hasPods));
  const disruption = isSetUp || hasPods || restarts.some(({ name }) => name === 'docker') ? 'Drain' : 'Restart';
  const common = spec?.whenPodsRun === 'Restart' ? ({ allowedBy: 'spec' } as const) : {};
  if (!isMoving && !(isMisplaced && isAgreed(driver, observed))) {
    // What starts later reads it then, and a node that has joined may have pods again by then.
    const held = (step: WriteStep) => ({ ...step, ...common, changes: disturbing(step, isSetUp ? 'Drain' : 'None') });
    const isProvedLater = ({ user }: WriteStep) => spec !== undefined && move.starting.some((name) => name === user);
    return writes.map((step) => held(isProvedLater(step) ? onTrial(step) : step));
  }
  const stopsKubelet = isMoving && isKubeletMoved && move.isKubeletRunning;
  const chain = isKubeletMoved || hasPods ? { chain: CHAIN } : {};
  const later = { ...common, ...chain, ...atDaemon };
  const socket = used === undefined || used.name === 'docker' ? undefined : SOCKETS[used.name];
  const stopsPods = driver !== undefined && socket !== undefined && (isMisplaced || (isMoving && runsPods(pods)));
  const written = ofRuntimes.map((step) => ({ ...onTrial(step), ...(stopsKubelet ? later : { ...common, ...chain }) }));
  return [
    ...(stopsKubelet
      ? [{ ...kubeletStep('stop-kubelet', disruption, later), before: [...ofRuntimes, ...ofKubelet] }]
      : []),
    ...written,
    ...(stopsPods ? [podsStep('stop-pods', { socket, driver, observed, disruption }, later)] : []),
    ...restarts.map((runtime) => restartStep(runtime, { driver, observed, writes: written, disruption }, later)),
    ...ofKubelet.map((step) => ({ ...step, ...(stopsKubelet ? later : { ...common, ...chain }) })),
    ...(stopsKubelet ? [kubeletStep('start-kubelet', disruption, { ...later, chain: START_CHAIN })] : []),
    ...(stopsPods &&
    move.ownPod !== undefined &&
    move.ownPod.place !== undefined &&
    (isMoving || move.ownPod.place !== driver)
      ? [podsStep('stop-own-pod', { socket, driver, observed, disruption }, later)]
      : []),
  ];
}

/** A runtime restarts for a file that changes, and for one that says the driver already while it runs with another. */
function isRestarted(
  runtime: RuntimeObserved,
  {
    driver,
    observed: { used, move },
    writes,
  }: { readonly driver: CgroupDriver | undefined; readonly observed: Observed; readonly writes: readonly WriteStep[] },
): boolean {
  const { name, answer, config, isUnitRunning } = runtime;
  if (move.failing.includes(name)) return true;
  // What does not answer before cannot prove anything afterwards.
  if (!isUnitRunning || (answer === undefined && name !== 'docker')) return false;
  if (writes.some(({ user }) => user === name)) return true;
  if (driver === undefined || runtime !== used || answer === undefined) return false;
  const running = { driver: driverOf(runtime), handlers: handlersOf(runtime) };
  return !saysDriver(running, driver) && saysDriver(config, driver);
}

/** Whether kubelet and runtime have the driver, so that pods that are elsewhere only have to be made anew. */
function isAgreed(driver: CgroupDriver | undefined, observed: Observed): boolean {
  const { used } = observed;
  return used !== undefined && driverOf(used) === driver && kubeletDriver(observed) === driver;
}

type Common = Pick<Step, 'allowedBy' | 'chain' | 'waitsFor'>;

/** Records the text before with the one that is on trial. */
function onTrial(step: WriteStep): WriteStep {
  const { file, before, after, memos = [], user } = step;
  if (user === 'kubelet') return step;
  const sha256 = sumOfText(after ?? '');
  const original = before === undefined ? { state: 'absent' as const } : { state: 'value' as const, value: before };
  return { ...step, memos: [...memos, { key: trialKey({ user, file, sha256 }), original, wrote: sha256 }] };
}

function restartStep(
  runtime: RuntimeObserved,
  {
    driver,
    observed: { move },
    writes,
    disruption,
  }: {
    readonly driver: CgroupDriver | undefined;
    readonly observed: Observed;
    readonly writes: readonly WriteStep[];
    readonly disruption: Change['disruption'];
  },
  common: Common,
): RestartStep {
  const { name } = runtime;
  const unit = restartedUnit(name);
  const own = writes.filter(({ user }) => user === name);
  // A process that was killed has written the others.
  const earlier = move.trials.filter(
    (one) => one.user === name && one.isThere && !own.some(({ file }) => file === one.file),
  );
  const now = own.map(({ file, before, after }) => ({ file, sha256: sumOfText(after ?? ''), before }));
  const written = [...earlier, ...now].map(
    ({ file, sha256, before }): WrittenFile => ({ file, sha256, ...(before === undefined ? {} : { before }) }),
  );
  const forgets = written.map((one) => trialKey({ ...one, user: name }));
  return {
    kind: 'restart-runtime',
    user: name,
    unit,
    ...(driver === undefined ? {} : { driver }),
    written,
    forgets,
    chain: chainOf(name),
    ...common,
    changes: [
      {
        action: 'restart',
        target: unit,
        ...(driver === undefined ? {} : { from: driverOf(runtime), to: `restarted with ${driver}` }),
        scope: 'live',
        disruption,
      },
    ],
  };
}

function kubeletStep(kind: KubeletStep['kind'], disruption: Change['disruption'], common: Common): KubeletStep {
  const [action, from, to] =
    kind === 'stop-kubelet' ? (['stop', 'running', 'stopped'] as const) : (['start', 'stopped', 'started'] as const);
  return { kind, ...common, changes: [{ action, target: KUBELET_UNIT, from, to, scope: 'live', disruption }] };
}

/** A kubelet that was stopped for a move that a kill has ended: it waits for nothing. */
function awaitedStart({ move }: Observed): readonly KubeletStep[] {
  return move.isKubeletStopped ? [kubeletStep('start-kubelet', 'None', { chain: START_CHAIN, ...atDaemon })] : [];
}

function podsStep(
  kind: PodsStep['kind'],
  {
    socket,
    driver,
    observed: { move },
    disruption,
  }: {
    readonly socket: string;
    readonly driver: CgroupDriver;
    readonly observed: Observed;
    readonly disruption: Change['disruption'];
  },
  common: Common,
): PodsStep {
  const tree = driver === 'systemd' ? 'kubepods.slice' : 'kubepods';
  const target = kind === 'stop-pods' ? 'pods' : 'the pod of NodePrep';
  return {
    kind,
    socket,
    driver,
    ...(move.ownPod === undefined ? {} : { ownPod: move.ownPod.uid }),
    ...common,
    changes: [{ action: 'restart', target, to: `made anew in ${tree}`, scope: 'live', disruption }],
  };
}

function disturbing({ changes: [first, ...rest] }: WriteStep, disruption: Change['disruption']): WriteStep['changes'] {
  return [{ ...first, disruption }, ...rest];
}
