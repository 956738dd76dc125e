/**
 * Kernel modules: present now, and loaded with their parameters at every boot.
 *
 * "Present" means loaded, built in, or doing its work although the kernel does not show it. Live, a
 * module is loaded with modprobe and never unloaded; for the boot there are two files of our own,
 * one of modules-load.d and one of modprobe.d. A module that the kernel refused is never persisted,
 * since systemd-modules-load would fail at every boot; why it was refused is diagnosed instead.
 */
import type { Hint } from '../../host/host.ts';
import type { Area } from '../area.ts';
import { applyModuleStep } from './apply.ts';
import { type DesiredModules, desiredModules } from './desired.ts';
import { explainModule } from './explain.ts';
import { rivalOf } from './knowledge.ts';
import { type ModulesObserved, observeModules } from './observe.ts';
import { parameterPath } from './observe-kernel.ts';
import { LOAD_FILE, OPTIONS_FILE } from './own-files.ts';
import { planModules } from './plan.ts';
import type { ModuleStep } from './steps.ts';
import { verifyModules } from './verify.ts';

/** The area that keeps declared kernel modules present. */
export const modules: Area<DesiredModules, ModulesObserved, ModuleStep> = {
  name: 'modules',
  desired: desiredModules,
  observe: observeModules,
  plan: planModules,
  apply: applyModuleStep,
  hints: moduleHints,
  rival: rivalOf,
  explain: explainModule,
  verify: verifyModules,
};

/** sysfs raises no inotify events, so what the kernel shows is polled; files tell by themselves. */
function moduleHints({ entries }: DesiredModules): readonly Hint[] {
  if (entries.length === 0) return [];
  const files = [LOAD_FILE, OPTIONS_FILE].map((path): Hint => ({ path, by: 'event' }));
  const live = entries.flatMap(({ name, parameters }): Hint[] => [
    { path: `/sys/module/${name}`, by: 'poll' },
    ...Object.keys(parameters).map((parameter): Hint => ({ path: parameterPath(name, parameter), by: 'poll' })),
  ]);
  return [...files, ...live];
}
