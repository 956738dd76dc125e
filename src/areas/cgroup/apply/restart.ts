/** Restarts a runtime or the kubelet, proves its driver, and puts the previous file back when it fails. */
import type { Host } from '../../../host/host.ts';
import type { RestartStep } from '../plan/steps.ts';

/** Restarts the program of the step and returns once it is proved to have the driver. No plan has such a step yet. */
export function applyRestart(_host: Host, step: RestartStep, _signal: AbortSignal): Promise<void> {
  return Promise.reject(new Error(`The area cgroup does not restart anything yet: ${step.unit}`));
}
