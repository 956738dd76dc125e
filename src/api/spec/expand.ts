/** From what a person wrote to what areas read, and back for printing. Expects a validated source. */
import { canonicalModule } from '../names/module-names.ts';
import type { ModuleEntry, NodePrepSpec, NodePrepSpecSource, SwapSpec, SysctlEntry } from './nodeprep.ts';
import { isPresetName, presets } from './presets.ts';
import { parseQuantity, renderQuantity } from '../names/quantity.ts';
import { canonicalSysctl } from '../names/sysctl-names.ts';

/** Memory that stays available while swap is emptied, unless the spec says otherwise. */
const DEFAULT_RESERVE = '128Mi';

/** Applies the profile, defaults and canonical names. Throws when the source was not validated before. */
export function expand(source: NodePrepSpecSource): NodePrepSpec {
  const preset: NodePrepSpecSource =
    source.profile !== undefined && isPresetName(source.profile) ? presets[source.profile] : {};
  const modules = joined(preset.modules?.map(moduleFrom), source.modules?.map(moduleFrom));
  const sysctls = joined(preset.sysctls?.map(sysctlFrom), source.sysctls?.map(sysctlFrom));
  const swap = source.swap ?? preset.swap;
  return {
    ...(source.profile === undefined ? {} : { profile: source.profile }),
    mode: source.mode ?? 'Enforce',
    areaModes: { ...source.areaModes } as NodePrepSpec['areaModes'],
    deletionPolicy: source.deletionPolicy ?? 'Keep',
    bootstrap: { onFailure: source.bootstrap?.onFailure ?? 'Degrade' },
    ...(modules === undefined ? {} : { modules }),
    ...(sysctls === undefined ? {} : { sysctls }),
    ...(swap === undefined ? {} : { swap: swapFrom(swap) }),
  };
}

/**
 * The expanded spec as a document would say it. Without `profile`: every entry is there already, and
 * whoever deletes one from the printed document means it.
 */
export function sourceFrom(spec: NodePrepSpec): NodePrepSpecSource {
  return {
    mode: spec.mode,
    ...(Object.keys(spec.areaModes).length === 0 ? {} : { areaModes: { ...spec.areaModes } }),
    deletionPolicy: spec.deletionPolicy,
    bootstrap: { onFailure: spec.bootstrap.onFailure },
    ...(spec.modules === undefined ? {} : { modules: spec.modules.map(moduleSourceFrom) }),
    ...(spec.sysctls === undefined ? {} : { sysctls: spec.sysctls.map((entry) => ({ ...entry })) }),
    ...(spec.swap === undefined
      ? {}
      : { swap: { behavior: spec.swap.behavior, reserve: renderQuantity(spec.swap.reserveBytes) } }),
  };
}

/** Entries of the document take the place of the preset's entries with the same name; new ones follow. */
function joined<E extends { readonly name: string }>(
  preset: readonly E[] | undefined,
  own: readonly E[] | undefined,
): readonly E[] | undefined {
  if (preset === undefined || own === undefined) return own ?? preset;
  return [...new Map([...preset, ...own].map((entry) => [entry.name, entry])).values()];
}

/** An entry with defaults and its canonical name. Throws `InvalidNameError`. */
export function moduleFrom(source: NonNullable<NodePrepSpecSource['modules']>[number]): ModuleEntry {
  const parameters = Object.entries(source.parameters ?? {}).map(([name, value]) => [name, String(value).trim()]);
  return {
    name: canonicalModule(source.name),
    parameters: Object.fromEntries(parameters) as Record<string, string>,
    required: source.required ?? true,
  };
}

function moduleSourceFrom(entry: ModuleEntry): NonNullable<NodePrepSpecSource['modules']>[number] {
  const hasParameters = Object.keys(entry.parameters).length > 0;
  return {
    name: entry.name,
    ...(hasParameters ? { parameters: { ...entry.parameters } } : {}),
    required: entry.required,
  };
}

/** An entry with defaults and its canonical name. Throws `InvalidNameError`. */
export function sysctlFrom(source: NonNullable<NodePrepSpecSource['sysctls']>[number]): SysctlEntry {
  return {
    name: canonicalSysctl(source.name),
    value: String(source.value).trim(),
    match: source.match ?? 'Exact',
    required: source.required ?? true,
    drift: source.drift ?? 'Correct',
  };
}

function swapFrom(source: NonNullable<NodePrepSpecSource['swap']>): SwapSpec {
  return { behavior: source.behavior, reserveBytes: parseQuantity(String(source.reserve ?? DEFAULT_RESERVE)) };
}
