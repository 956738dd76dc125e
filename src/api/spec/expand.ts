/** From what a person wrote to what areas read, and back for printing. Expects a validated source. */
import { AREA_NAMES, partOf } from '../parts/parts.ts';
import type { NodePrepSpec, NodePrepSpecSource } from './nodeprep.ts';
import { presetFor } from './presets.ts';

/** Applies the profile, defaults and canonical names. Throws when the source was not validated before. */
export function expand(source: NodePrepSpecSource): NodePrepSpec {
  const preset = presetFor(source.profile, source.kubernetesVersion);
  const parts = AREA_NAMES.flatMap((name) => {
    const [base, own] = [preset[name], source[name]].map((one) =>
      one === undefined ? undefined : partOf(name).expand(one),
    );
    const desired = joined(base, own);
    return desired === undefined ? [] : [[name, desired] as const];
  });
  return {
    ...(source.profile === undefined ? {} : { profile: source.profile }),
    ...(source.kubernetesVersion === undefined ? {} : { kubernetesVersion: source.kubernetesVersion }),
    mode: source.mode ?? 'Enforce',
    areaModes: { ...source.areaModes } as NodePrepSpec['areaModes'],
    deletionPolicy: source.deletionPolicy ?? 'Keep',
    bootstrap: { onFailure: source.bootstrap?.onFailure ?? 'Degrade' },
    ...(source.approvedPlan === undefined ? {} : { approvedPlan: source.approvedPlan }),
    ...(source.rebootSentinel === undefined ? {} : { rebootSentinel: source.rebootSentinel }),
    ...(Object.fromEntries(parts) as Partial<NodePrepSpec>),
  };
}

/**
 * The expanded spec as a document would say it. Without `profile`: every entry is there already, and
 * an entry deleted from the printed document stays deleted.
 */
export function sourceFrom(spec: NodePrepSpec): NodePrepSpecSource {
  const parts = AREA_NAMES.flatMap((name) =>
    spec[name] === undefined ? [] : [[name, partOf(name).sourceOf(spec[name])] as const],
  );
  return {
    ...(spec.kubernetesVersion === undefined ? {} : { kubernetesVersion: spec.kubernetesVersion }),
    mode: spec.mode,
    ...(Object.keys(spec.areaModes).length === 0 ? {} : { areaModes: { ...spec.areaModes } }),
    deletionPolicy: spec.deletionPolicy,
    bootstrap: { onFailure: spec.bootstrap.onFailure },
    ...(spec.approvedPlan === undefined ? {} : { approvedPlan: spec.approvedPlan }),
    ...(spec.rebootSentinel === undefined ? {} : { rebootSentinel: spec.rebootSentinel }),
    ...(Object.fromEntries(parts) as Partial<NodePrepSpecSource>),
  };
}

/** Entries of the document take the place of the preset's entries with the same name; new ones follow. A part without entries is taken whole. */
function joined(preset: unknown, own: unknown): unknown {
  if (!isEntries(preset) || !isEntries(own)) return own ?? preset;
  return [...new Map([...preset, ...own].map((entry) => [entry.name, entry])).values()];
}

function isEntries(part: unknown): part is readonly { readonly name: string }[] {
  return Array.isArray(part);
}
