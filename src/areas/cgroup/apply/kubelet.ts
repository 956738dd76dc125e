/**
 * Stops the kubelet while its runtime changes, and starts it again. Before it stops, a timer of the host is armed that
 * starts it whatever becomes of NodePrep: a node without kubelet is lost to its cluster.
 */
import { CommandError } from '../../../host/errors.ts';
import type { Host } from '../../../host/host.ts';
import { KUBELET_UNIT } from '../../kubelet.ts';
import { TIMER, TIMER_FILE } from '../observe/move.ts';
import type { KubeletStep } from '../plan/steps.ts';
import { control } from './unit.ts';
import { confirmWrite } from './write.ts';

/** Longer than a restart of the runtime, its proof and the way back take together. */
const AFTER_S = 300;

/** Arms the timer and stops the kubelet, once the writes that follow are confirmed. */
export async function stopKubelet(host: Host, { before = [] }: KubeletStep, signal: AbortSignal): Promise<void> {
  for (const write of before) await confirmWrite(host, write, signal);
  if ((await host.stat(TIMER_FILE)) === undefined) {
    const start = ['systemctl', 'start', '--', KUBELET_UNIT];
    const settings = [`--unit=${TIMER}`, '--collect', `--on-active=${AFTER_S}`, '--timer-property=AccuracySec=1s'];
    await host.run(['systemd-run', '--quiet', ...settings, '--', ...start], { signal });
  }
  await control(host, 'stop', KUBELET_UNIT, signal);
}

/** Starts the kubelet and disarms the timer. */
export async function startKubelet(host: Host, signal: AbortSignal): Promise<void> {
  await control(host, 'start', KUBELET_UNIT, signal);
  // It may have elapsed meanwhile, and then there is none.
  await control(host, 'stop', `${TIMER}.timer`, signal).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
  });
}
