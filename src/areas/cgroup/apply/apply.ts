/** Performs one step of a plan. */
import type { Host } from '../../../host/host.ts';
import type { Change } from '../../area.ts';
import type { CgroupStep } from '../plan/steps.ts';
import { startKubelet, stopKubelet } from './kubelet.ts';
import { stopPods } from './pods.ts';
import { applyGoBack, applyRestart } from './restart.ts';
import { applyWrite } from './write.ts';

/** Performs one step. Safe to repeat after a crash. */
export function applyCgroup(host: Host, step: CgroupStep, signal: AbortSignal): Promise<readonly Change[] | void> {
  switch (step.kind) {
    case 'write-runtime':
    case 'write-kubelet':
      return applyWrite(host, step, signal);
    case 'restart-runtime':
      return applyRestart(host, step, signal);
    case 'go-back':
      return applyGoBack(host, step, signal);
    case 'stop-kubelet':
      return stopKubelet(host, step, signal);
    case 'start-kubelet':
      return startKubelet(host, signal);
    case 'stop-pods':
    case 'stop-own-pod':
      return stopPods(host, step, signal);
  }
}
