/**
 * Kernel modules: present now, and loaded with their parameters at every boot.
 *
 * "Present" means loaded, built in, or doing its work although the kernel does not show it. Live, a
 * module is loaded with modprobe and never unloaded; for the boot there are two files of our own,
 * one of modules-load.d and one of modprobe.d. A module that the kernel refused is never persisted,
 * since systemd-modules-load would fail at every boot; why it was refused is diagnosed instead.
 */
import { dirname } from 'node:path';
import type { Area } from '../area.ts';
import { applyModuleStep } from './apply/apply.ts';
import { type Desired, desiredFrom } from './desired.ts';
import { explainModule } from './explain.ts';
import { hintsFor } from './hints.ts';
import { rivalOf, TOPICS } from './knowledge.ts';
import { type Observed, observeModules } from './observe/observe.ts';
import { planModules } from './plan/plan.ts';
import { LOAD_FILE, OPTIONS_FILE } from './plan/own-files.ts';
import type { ModuleStep } from './plan/steps.ts';
import { MODULE_READS } from './reads.ts';
import { verifyModules } from './verify.ts';

/** The area that keeps declared kernel modules present. */
export const modules: Area<Desired, Observed, ModuleStep> = {
  name: 'modules',
  desired: desiredFrom,
  observe: observeModules,
  plan: planModules,
  apply: applyModuleStep,
  hints: hintsFor,
  rival: rivalOf,
  explain: explainModule,
  verify: verifyModules,
  topics: TOPICS,
  namesLike: async (host) => (await host.listDirectory('/sys/module')) ?? [],
  namesOnHost: async (host, spec) => {
    const observed = await observeModules(host, desiredFrom(spec), new AbortController().signal);
    return (name) => observed.modules.get(name)?.realName ?? name;
  },
  reads: MODULE_READS,
  writesIn: [dirname(LOAD_FILE), dirname(OPTIONS_FILE)],
  rights: {
    unit: {
      CapabilityBoundingSet: { CAP_SYS_MODULE: 'modprobe' },
      SystemCallFilter: { '@module': 'modprobe, which runs as a child' },
      RestrictAddressFamilies: { AF_NETLINK: 'kmod and udev' },
    },
    unprotected: { ProtectKernelModules: 'modules are the work' },
    pod: { capabilities: { SYS_MODULE: 'modprobe' } },
  },
};
