/**
 * What is written so that all agree, and what does not fit together, from the worst on. Pure. What NodePrep does not
 * write is a finding with the lines for a person.
 */
import type { Reason } from '../../../api/status/conditions.ts';
import { runsPods } from '../../pod-groups.ts';
import type { Finding, Memory, Plan } from '../../area.ts';
import type { CgroupSpec } from '../../../api/parts/cgroup.ts';
import type { Desired } from '../desired.ts';
import { WITHOUT_CRI } from '../observe/cri/cri.ts';
import type { Observed } from '../observe/observe.ts';
import { driverFindings } from './drivers.ts';
import { approvalFinding, effectsOf } from './approval.ts';
import { planMove } from './move.ts';
import type { CgroupStep } from './steps.ts';
import { summaryOf } from './summary.ts';
import { planFiles } from './write/files.ts';

/** The one entry of this area. */
export const ENTRY = 'cgroup';

/** Compares what was seen with the spec. */
export function planCgroup(desired: Desired, observed: Observed, memory: Memory): Plan<CgroupStep> {
  const { spec } = desired;
  const files = planFiles(desired, observed, memory);
  const { steps, spent, ...move } = planMove(spec, observed, files.steps);
  const none = { steps, conflicts: [], left: files.left, spent: [...files.spent, ...spent] };
  if (spec === undefined) return { ...none, entries: [], blocked: move.findings };
  const live = summaryOf(observed);
  const entry = { name: ENTRY, required: true, desired: wantedText(spec), live };
  const isNode = observed.kubelet?.isSetUp === true || runsPods(observed.pods);
  const isTold = files.conflicts.length + files.blocked.length > 0;
  const differing = findingsOf(spec, observed);
  const found = [
    ...(move.isHeld && isNode && (isMoving(steps) || !differing.some(({ reason }) => reason === 'HalfMigrated'))
      ? [{ target: ENTRY, ...approvalFinding(spec.driver, observed, steps) }]
      : []),
    ...move.findings,
    ...differing
      .filter(({ reason }) => !(isMoving(steps) && SETTLED.has(reason)) && !(isTold && reason === 'DriverMismatch'))
      .map((one) =>
        one.reason === 'HalfMigrated' && move.isHeld ? { ...one, message: `${one.message} ${effectsOf(steps)}` } : one,
      ),
    ...files.blocked,
  ];
  // Each message begins with the four places.
  const begun = (one: Finding): Finding => ({ ...one, message: `${live}. ${one.message}` });
  const findings = found.toSorted(byWeight).map(begun);
  // With version Any v1 is as declared, and worth a word all the same.
  const isWord = ({ reason }: Finding) => reason === 'CgroupV1' && spec.version !== 'v2';
  return {
    ...none,
    entries: [entry],
    blocked: findings.filter((one) => !isWord(one)),
    conflicts: files.conflicts.map(begun),
    left: [...files.left, ...findings.filter(isWord)],
  };
}

/** What goes away when the driver is changed. */
const SETTLED: ReadonlySet<Reason> = new Set(['DriverMismatch', 'HalfMigrated', 'RuntimeUnreachable']);

function isMoving(steps: readonly CgroupStep[]): boolean {
  return steps.some(({ kind }) => kind === 'restart-runtime' || kind === 'write-runtime' || kind === 'write-kubelet');
}

/** What is declared, in a few words. */
export function wantedText({ version, driver, controllers }: CgroupSpec): string {
  const hierarchy = version === 'v2' ? 'cgroup v2' : 'any hierarchy';
  return `${driver ?? 'one'} driver, ${hierarchy} (${controllers.join(' ')})`;
}

/** Everything that does not fit, required ones first. */
export function findingsOf(desired: CgroupSpec, observed: Observed): readonly Finding[] {
  const found = [
    ...effectFindings(observed),
    ...configFindings(observed),
    ...driverFindings(desired, observed).map((one) => ({ ...one, reason: 'DriverMismatch' as const })),
    ...controllerFindings(desired, observed),
    ...versionFindings(desired, observed),
    ...reachFindings(observed),
  ];
  return found.map((one): Finding => ({ target: ENTRY, ...one })).toSorted(byWeight);
}

type Found = Omit<Finding, 'target'>;

/** What is required comes first. */
function byWeight(a: Finding, b: Finding): number {
  return Number(a.required === false) - Number(b.required === false);
}

function effectFindings({ pods }: Observed): readonly Found[] {
  const after = 'Drain the node and reboot it once kubelet and runtime have the same driver.';
  if (pods.strays > 0) {
    const message = `Containers of pods run outside of kubepods.slice (${pods.strays}): the kubelet has the driver systemd, the runtime cgroupfs, and limits of pods do not hold. ${after}`;
    return [{ reason: 'HalfMigrated', message }];
  }
  if (!pods.systemd || !pods.cgroupfs) return [];
  const message = `Pods of both drivers run side by side, in kubepods.slice and in kubepods: the driver was changed under running pods, and each tree gets the resources of the whole node. ${after}`;
  return [{ reason: 'HalfMigrated', message }];
}

/** Only of the runtime that the kubelet uses: others harm no pod. */
function configFindings({ used, kubelet, runtimes }: Observed): readonly Found[] {
  if (used === undefined) return [];
  const isSetUp = kubelet?.isSetUp === true;
  const found = used.config.problems.map(
    ({ message, place, isFatal }): Found => ({
      reason: 'RuntimeConfigUnsafe',
      message,
      file: place.file,
      ...(place.line === undefined ? {} : { line: place.line }),
      ...(isFatal && isSetUp ? {} : { required: false }),
    }),
  );
  for (const problem of kubelet?.problems ?? []) {
    found.push({
      reason: 'DriverMismatch',
      message: `The driver of the kubelet is not known: ${problem}. Correct it.`,
      required: false,
    });
  }
  const isChosen = runtimes.length === 1 || kubelet?.endpoint !== undefined;
  if (!used.config.isCriDisabled || !isChosen) return found;
  const message = `disabled_plugins in ${used.config.main} turns CRI off, as the package containerd.io ships it: the kubelet cannot start a pod with it. Take "cri" out of the list and run "systemctl restart containerd".`;
  return [
    ...found,
    { reason: 'RuntimeConfigUnsafe', message, file: used.config.main, ...(isSetUp ? {} : { required: false }) },
  ];
}

function controllerFindings({ controllers }: CgroupSpec, { cgroups }: Observed): readonly Found[] {
  if (cgroups === undefined) return [];
  const missing = controllers.filter((name) => !cgroups.controllers.includes(name));
  if (missing.length === 0) return [];
  const pi = missing.includes('memory')
    ? ' Look for cgroup_disable=memory in /proc/cmdline; on a Raspberry Pi declare cgroup_enable=memory under spec.bootParameters, as the profile raspberry-pi does, and reboot.'
    : ' Look for cgroup_disable= in /proc/cmdline.';
  const message = `The kernel does not offer the controller ${missing.join(', ')}: the kubelet does not start without, or limits do not hold.${pi}`;
  return [{ reason: 'ControllerMissing', message }];
}

function versionFindings({ version }: CgroupSpec, { cgroups }: Observed): readonly Found[] {
  if (cgroups === undefined || cgroups.version === 'v2') return [];
  const message =
    'cgroup v2 is not mounted, and the kubelet from 1.35 on does not start on v1. Declare systemd.unified_cgroup_hierarchy=1 under spec.bootParameters, or take the option with 0 off the kernel command line, and reboot.';
  return [{ reason: 'CgroupV1', message, ...(version === 'v2' ? {} : { required: false }) }];
}

function reachFindings({ used, distribution }: Observed): readonly Found[] {
  const found: Found[] = [];
  // Where the files say why it runs without CRI, that is a finding of its own.
  const isExplained =
    used?.unreachable === WITHOUT_CRI &&
    (used.config.isCriDisabled || used.config.problems.some(({ isFatal }) => isFatal));
  if (used?.unreachable !== undefined && !isExplained) {
    const message = `${used.name} runs and does not answer on its socket: ${used.unreachable}. The kubelet cannot start pods with it. See "journalctl -u ${used.name}".`;
    found.push({ reason: 'RuntimeUnreachable', message, required: false, transient: true });
  }
  if (distribution !== undefined) {
    const message = `${distribution} carries containerd and kubelet within, and sets their cgroup driver itself at every start: they are not compared here.`;
    found.push({ reason: 'HostUnsupported', message, required: false });
  }
  return found;
}
