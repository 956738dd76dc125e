/** Performs one step, and believes the kernel only after reading back. */
import type { Change } from '../../area.ts';
import type { Host } from '../../../host/host.ts';
import { applyConf, applyRules } from './apply-files.ts';
import { applyLive, applyRestore } from './apply-live.ts';
import type { SysctlStep } from '../plan/steps.ts';

/** Performs a step; the result holds the changes that were really made. */
export async function applySysctlStep(
  host: Host,
  step: SysctlStep,
  signal: AbortSignal,
): Promise<readonly Change[] | undefined> {
  switch (step.kind) {
    case 'live':
      return applyLive(host, step, signal);
    case 'restore':
      return applyRestore(host, step);
    case 'conf':
      return applyConf(host, step);
    case 'rules':
      return applyRules(host, step);
  }
}
