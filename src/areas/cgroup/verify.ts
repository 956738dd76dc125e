/** The checks of the guides: hierarchy, controllers, one driver, pods where they belong, CRI on. Pure. */
import type { Check } from '../area.ts';
import { CGROUP_CONTROLLERS } from '../cgroups.ts';
import type { Desired } from './desired.ts';
import { CGROUP_KNOWLEDGE } from './knowledge.ts';
import type { Observed } from './observe/observe.ts';
import { treesOf } from '../pod-groups.ts';
import { findingsOf } from './plan/plan.ts';
import { summaryOf } from './plan/summary.ts';

/** What is compared when nothing is declared: then differences are only warned of. */
const UNDECLARED = { version: 'Any', controllers: ['memory'], whenPodsRun: 'Wait' } as const;

/** Makes the checklist; what is not installed is skipped. */
export function verifyCgroup({ spec }: Desired, observed: Observed): Check[] {
  const looked = CGROUP_CONTROLLERS;
  if (observed.kernel === 'absent') {
    const consequence = 'It shows once the host has booted.';
    return [{ title: 'cgroup version is 2', looked, found: 'no running kernel', outcome: 'skip', consequence }];
  }
  return [...kernelChecks(spec, observed), driverCheck(spec, observed), placeCheck(observed), criCheck(observed)];
}

function kernelChecks(spec: Desired['spec'], { cgroups }: Observed): Check[] {
  const isV2 = cgroups?.version === 'v2';
  const version: Check = {
    title: 'cgroup version is 2',
    looked: CGROUP_CONTROLLERS,
    found:
      cgroups === undefined ? 'no cgroup hierarchy' : `cgroup ${cgroups.version}${cgroups.isHybrid ? ' (hybrid)' : ''}`,
    outcome: isV2 ? 'pass' : spec?.version === 'v2' ? 'fail' : 'warn',
    consequence:
      'The kubelet from 1.35 on refuses cgroup v1 by default. Declare systemd.unified_cgroup_hierarchy=1 under spec.bootParameters, or take out the option that switched it off, and reboot.',
  };
  if (cgroups === undefined) return [version];
  const memory: Check = {
    title: 'memory cgroup controller is enabled',
    looked: isV2 ? CGROUP_CONTROLLERS : '/proc/cgroups',
    found: cgroups.controllers.join(' ') || 'no controllers',
    outcome: cgroups.controllers.includes('memory') ? 'pass' : 'fail',
    consequence:
      'The kubelet does not start without it. On a Raspberry Pi declare cgroup_enable=memory under spec.bootParameters, as the profile raspberry-pi does, and reboot.',
  };
  return [version, memory];
}

function driverCheck(spec: Desired['spec'], observed: Observed): Check {
  const { used, kubelet } = observed;
  const check = {
    title: 'cgroup drivers of runtime and kubelet agree',
    looked:
      [used?.config.main, kubelet?.place?.file].filter((file) => file !== undefined).join(', ') || 'runtime, kubelet',
    found: summaryOf(observed),
  };
  if (used === undefined) return { ...check, outcome: 'skip', consequence: 'Install a container runtime.' };
  const findings = findingsOf(spec ?? UNDECLARED, observed).filter(
    ({ reason }) => reason === 'DriverMismatch' || reason === 'RuntimeConfigUnsafe',
  );
  const isBad = findings.some(({ required }) => required !== false) && spec !== undefined;
  return {
    ...check,
    outcome: findings.length === 0 ? 'pass' : isBad ? 'fail' : 'warn',
    consequence: findings.map(({ message }) => message).join(' ') || CGROUP_KNOWLEDGE.breaks,
  };
}

function placeCheck({ pods, cgroups }: Observed): Check {
  const check = { title: 'pods are in one tree of control groups', looked: '/sys/fs/cgroup' };
  const trees = treesOf(pods);
  if (cgroups === undefined || (trees.length === 0 && pods.strays === 0)) {
    return { ...check, found: 'no pods run', outcome: 'skip', consequence: '' };
  }
  const strays = pods.strays === 0 ? [] : [`outside of kubepods.slice (${pods.strays} containers)`];
  const isOne = trees.length === 1 && strays.length === 0;
  const consequence =
    'Limits do not hold for pods outside of the tree that the kubelet manages. Give runtime and kubelet the same driver, drain the node and reboot it.';
  return { ...check, found: [...trees, ...strays].join(', '), outcome: isOne ? 'pass' : 'fail', consequence };
}

function criCheck({ used, kubelet }: Observed): Check {
  const check = { title: 'CRI of the container runtime is on', looked: used?.config.main ?? 'container runtime' };
  if (used === undefined) return { ...check, found: 'not installed', outcome: 'skip', consequence: '' };
  const isOff = used.config.isCriDisabled;
  const consequence =
    'The kubelet cannot start a pod. Take "cri" out of disabled_plugins and run "systemctl restart containerd".';
  const outcome = !isOff ? 'pass' : kubelet?.isSetUp === true ? 'fail' : 'warn';
  return { ...check, found: isOff ? 'turned off by disabled_plugins' : 'on', outcome, consequence };
}
