/** Performs one step of a plan. */
import type { Host } from '../../../host/host.ts';
import type { CgroupStep } from '../plan/steps.ts';
import { applyRestart } from './restart.ts';
import { applyWrite } from './write.ts';

/** Performs one step. Safe to repeat after a crash. */
export function applyCgroup(host: Host, step: CgroupStep, signal: AbortSignal): Promise<void> {
  switch (step.kind) {
    case 'write-runtime':
    case 'write-kubelet':
      return applyWrite(host, step, signal);
    case 'restart-runtime':
    case 'restart-kubelet':
      return applyRestart(host, step, signal);
  }
}
