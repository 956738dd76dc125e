/**
 * Swap: off now and after every boot, or checked to fit the kubelet when it is wanted.
 *
 * Live, each device of /proc/swaps is turned off on its own, after a check that its contents fit into
 * memory. For the boot, everything that could bring swap back is held: lines of /etc/fstab carry our
 * marker, and the units (from files, fstab, the GPT, zram-generator) and services are masked. Each of
 * these is recorded, so that removal takes back exactly what was ours. Without systemd, fstab is all
 * there is. `LimitedSwap` changes nothing and reports what does not fit together.
 */
import type { Hint } from '../../host/host.ts';
import type { Area } from '../area.ts';
import { applySwapStep } from './apply.ts';
import { type DesiredSwap, desiredSwap, turnsOff } from './desired.ts';
import { explainSwap } from './explain.ts';
import { FSTAB } from './fstab.ts';
import { rivalOf } from './knowledge.ts';
import { KUBELET_CONFIG, KUBELET_DROP_INS, KUBELET_FLAGS } from './kubelet.ts';
import { observeSwap, type SwapObserved } from './observe.ts';
import { SYSTEM_UNITS } from './own-files.ts';
import { planSwap } from './plan.ts';
import type { SwapStep } from './steps.ts';
import { verifySwap } from './verify.ts';

/** The area that keeps swap as declared. */
export const swap: Area<DesiredSwap, SwapObserved, SwapStep> = {
  name: 'swap',
  desired: desiredSwap,
  observe: observeSwap,
  plan: planSwap,
  apply: applySwapStep,
  hints: swapHints,
  rival: rivalOf,
  explain: explainSwap,
  verify: verifySwap,
};

/** /proc/swaps raises no inotify event, and reading it costs 20 µs; files tell by themselves. */
function swapHints(desired: DesiredSwap): readonly Hint[] {
  if (desired.behavior === 'LimitedSwap') {
    return [KUBELET_CONFIG, KUBELET_DROP_INS, ...KUBELET_FLAGS].map((path): Hint => ({ path, by: 'event' }));
  }
  if (!turnsOff(desired)) return [];
  const zram = ['/etc/systemd/zram-generator.conf', '/etc/systemd/zram-generator.conf.d'];
  const files = [FSTAB, SYSTEM_UNITS, ...(desired.behavior === 'Disabled' ? zram : [])];
  // Behind name, type and size come the used size, which changes all the time where zram stays on, and the priority.
  return [{ path: '/proc/swaps', by: 'poll', fields: 3 }, ...files.map((path): Hint => ({ path, by: 'event' }))];
}
