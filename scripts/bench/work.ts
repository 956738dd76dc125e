/** The work that NodePrep and other tools are given alike. */
import { type PresetName, presets } from '../../src/api/spec/presets.ts';

/** What a host has to become. */
export interface Work {
  readonly modules: readonly string[];
  readonly sysctls: ReadonlyMap<string, number>;
  /** The host is a whole one: swap is turned off, and every file of sysctl.d is loaded, as guides say. */
  readonly isWholeHost: boolean;
}

/** The built-in profile: two modules, eleven kernel parameters, swap off. */
export function builtInProfile(name: PresetName): Work {
  const { modules, sysctls } = presets[name];
  return {
    modules: modules?.map((module) => module.name) ?? [],
    sysctls: new Map(sysctls?.map((sysctl) => [sysctl.name, Number(sysctl.value)])),
    isWholeHost: true,
  };
}
