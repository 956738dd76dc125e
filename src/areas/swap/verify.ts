/** The checks of the guides: is swap off now, and will it be off after a reboot. Pure. */
import { CGROUP_CONTROLLERS } from '../cgroups.ts';
import type { Check } from '../area.ts';
import { type Desired, mustGo, turnsOff } from './desired.ts';
import { SWAP_KNOWLEDGE } from './knowledge.ts';
import { incoherence } from './plan/limited.ts';
import type { Observed } from './observe/observe.ts';
import { isZramDevice } from './observe/parse.ts';
import { sourcesOf } from './observe/sources.ts';
import { liveSwap } from './observe/view.ts';

/** Makes the checklist; undeclared swap is only a warning. */
export function verifySwap(desired: Desired, observed: Observed): Check[] {
  if (desired.behavior === 'LimitedSwap') return [limitedCheck(observed)];
  return [liveCheck(desired, observed), fstabCheck(desired, observed), unitCheck(desired, observed)];
}

function liveCheck(desired: Desired, observed: Observed): Check {
  const title = desired.behavior === 'ZramHostOnly' ? 'no swap but zram is on' : 'swap is off';
  const check = { title, looked: '/proc/swaps (free -h, swapon --show)' };
  const found = liveSwap(observed);
  if (observed.swaps === undefined || found === undefined) {
    return { ...check, found: 'there is no running kernel to ask', outcome: 'skip', consequence: '' };
  }
  const isOff = observed.swaps.every((device) => desired.behavior === 'ZramHostOnly' && isZramDevice(device.path));
  const consequence = `${SWAP_KNOWLEDGE.breaks} Run "nodeprep bootstrap".`;
  return { ...check, found, outcome: isOff ? 'pass' : failed(desired), consequence };
}

function fstabCheck(desired: Desired, observed: Observed): Check {
  const lines = observed.fstabSwaps.filter((swap) => !swap.isDisabled).map(({ line }) => line);
  return {
    title: 'no swap line in /etc/fstab',
    looked: '/etc/fstab',
    found: observed.fstab === undefined ? 'no such file' : lines.length === 0 ? 'none' : `line ${lines.join(', ')}`,
    outcome: lines.length === 0 ? 'pass' : failed(desired),
    consequence: 'The next reboot turns swap on, and then the kubelet does not start. Run "nodeprep bootstrap".',
  };
}

function unitCheck(desired: Desired, observed: Observed): Check {
  const check = {
    title: 'no unit or generator turns swap on at boot',
    looked: 'swap.target, *.swap units, swap services, zram-generator.conf',
  };
  if (observed.systemd.state === 'absent') {
    return { ...check, found: 'systemd does not run here', outcome: 'skip', consequence: '' };
  }
  const starting = sourcesOf(observed).filter(({ file, value, wins }) => {
    const unit = observed.units.get(value);
    return wins && file !== '/etc/fstab' && unit !== undefined && mustGo(declaredOrDisabled(desired), unit.isZram);
  });
  const names = [...new Set(starting.map(({ value }) => value))];
  return {
    ...check,
    found: names.length === 0 ? 'none' : names.join(', '),
    outcome: names.length === 0 ? 'pass' : failed(desired),
    consequence: 'The next reboot turns swap on, and then the kubelet does not start. Run "nodeprep bootstrap".',
  };
}

function limitedCheck(observed: Observed): Check {
  const findings = incoherence(observed);
  return {
    title: 'swap, cgroup version and kubelet fit together',
    looked: [CGROUP_CONTROLLERS, ...(observed.kubelet?.files ?? [])].join(', '),
    found:
      findings.length === 0
        ? `LimitedSwap; swap: ${liveSwap(observed) ?? 'unknown'}`
        : findings.map(({ message }) => message).join(' '),
    outcome: findings.length === 0 ? 'pass' : findings.every(({ required }) => required === false) ? 'warn' : 'fail',
    consequence: 'Either the kubelet does not start, or pods get no swap or swap without limits.',
  };
}

/** Undeclared swap is checked as if none was wanted, but is only a warning. */
function declaredOrDisabled(desired: Desired): Desired {
  return turnsOff(desired) ? desired : { ...desired, behavior: 'Disabled' };
}

function failed(desired: Desired): 'fail' | 'warn' {
  return turnsOff(desired) ? 'fail' : 'warn';
}
