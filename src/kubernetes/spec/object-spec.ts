/** The object as a spec that can be enforced, or why not. */
import { SpecInvalidError } from '../../api/yaml/errors.ts';
import { type LoadedObject, loadObject } from '../../api/spec/load-object.ts';
import { currentSource } from '../../api/spec/earlier-builds.ts';
import { API_VERSION } from '../../api/spec/nodeprep.ts';
import type { ApiObject } from '../client.ts';
import { digestOf } from '../digest.ts';
import type { ClusterRecord } from '../ports.ts';

/** A spec from the cluster that was checked, and which object it is of. */
export interface ClusterSpec {
  readonly uid: string;
  readonly generation: number;
  readonly isDeleted: boolean;
  readonly loaded: LoadedObject;
}

/** Equal for the same spec of the same object; a restored cluster counts the same generations for other specs. */
export function specRevision({ uid, generation, isDeleted, loaded }: ClusterSpec): string {
  return isDeleted ? `${uid} deleted` : `${uid} ${generation} ${digestOf(loaded.source)}`;
}

/** The spec of an object, or why it is refused. */
export function clusterSpecFrom(object: ApiObject, called: string): ClusterSpec | { readonly refused: string } {
  try {
    return {
      uid: object.metadata.uid ?? '',
      generation: object.metadata.generation ?? 0,
      isDeleted: false,
      loaded: loadObject(object, called),
    };
  } catch (error) {
    if (error instanceof SpecInvalidError) return { refused: error.message };
    throw error;
  }
}

/** The spec from the record on disk; `undefined` when there is none, or this release would refuse it. */
export function recordedSpec(record: ClusterRecord, called: string): ClusterSpec | undefined {
  const { object } = record;
  if (object === undefined) return undefined;
  const { uid, generation, source, isDeleted } = object;
  const document = { apiVersion: API_VERSION, kind: 'NodePrep', spec: currentSource(source) };
  try {
    return { uid, generation, isDeleted, loaded: loadObject(document, called) };
  } catch (error) {
    if (error instanceof SpecInvalidError) return undefined;
    throw error;
  }
}
