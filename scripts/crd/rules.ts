/**
 * What the schema of the API says beyond types: the rules that `src/api` checks in files, as CEL and
 * as patterns, so that the API server refuses what `nodeprep validate` refuses. Those of an area stand
 * with it in src/api/parts. test/apiserver/verdict.test.ts holds both together. Each rule costs what the
 * server reckons from maxItems and maxLength.
 */
import type { ServerRule } from '../../src/api/parts/part.ts';
import { AREA_NAMES, type AreaName, partOf } from '../../src/api/parts/parts.ts';
import type { NodePrepSpecSource } from '../../src/api/spec/nodeprep.ts';
import { PRESET_NAMES, presets } from '../../src/api/spec/presets.ts';
import type { Extensions } from './structural.ts';

/** The parts that the profiles have of an area. */
function presetsOf(area: AreaName): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries<NodePrepSpecSource>(presets).map(([profile, preset]) => [profile, preset[area]]),
  );
}

/** Keywords by path, for `structuralFrom`. */
export function nodePrepExtensions(): Extensions {
  const areas = AREA_NAMES.map((name) => ({ name, ...partOf(name).server(presetsOf(name)) }));
  const whole: readonly ServerRule[] = areas.flatMap(({ spec }) => spec ?? []);
  return {
    spec: { 'x-kubernetes-validations': whole },
    'spec.profile': { enum: PRESET_NAMES },
    ...Object.fromEntries(
      areas.flatMap(({ name, fields }) =>
        Object.entries(fields).map(([path, keywords]) => [`spec.${name}${path}`, keywords] as const),
      ),
    ),
    'status.conditions': { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] },
    'status.areas': { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
  };
}
