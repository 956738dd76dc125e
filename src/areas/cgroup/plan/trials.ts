/** Whether a running runtime proves what its files say. Pure. */
import type { CgroupDriver } from '../../../api/parts/cgroup.ts';
import { isOfRunc, type RuntimeAnswer } from '../observe/cri/cri.ts';
import type { RuntimeObserved } from '../observe/runtimes.ts';

/** Whether it answers, is ready, and runs with what its files say. */
export function isProved(runtime: RuntimeObserved | undefined): boolean {
  const answer = runtime?.answer;
  if (runtime === undefined || answer?.isReady !== true) return false;
  return differenceIn(answer, runtime.config.driver) === undefined;
}

/** What the running configuration has instead of the driver. */
export function differenceIn({ driver, handlers }: RuntimeAnswer, wanted: CgroupDriver): string | undefined {
  if (driver !== undefined && driver !== wanted) return `it answers ${driver}`;
  const ofRunc = handlers.filter(({ type }) => isOfRunc(type));
  const other = ofRunc.find((handler) => handler.driver !== wanted);
  if (other !== undefined) return `its runtime ${other.name} has ${other.driver}`;
  const lost = ofRunc.find(({ type }) => type === '');
  return lost === undefined ? undefined : `its runtime ${lost.name} has lost its runtime_type, so no pod can start`;
}
