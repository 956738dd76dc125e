/** Which spec is enforced, from everything that is known. Pure; the order of the cases is the rule. */
import { emptySpec } from '../../api/spec/nodeprep.ts';
import type { SpecSnapshot } from '../../reconcile/report/node-report.ts';
import type { Absence } from '../object/absence.ts';
import type { ObjectView } from '../object/object-mirror.ts';
import { type ClusterSpec, specRevision } from './object-spec.ts';
import type { LocalSpec, RefusedField } from '../ports.ts';
import { refusalMessage } from '../registration/refused-fields.ts';

/** What is known when a spec is chosen. */
export interface Known {
  readonly node: string;
  readonly view: ObjectView['state'];
  /** Why there is no object. */
  readonly absence?: Absence;
  /** Of the object that is there now, also when it is refused. */
  readonly uid?: string;
  readonly generation?: number;
  /** Why the object that is there now is refused. */
  readonly refused?: string;
  /** Why it is unknown whether the host still allows the last good spec; it did when the spec was accepted. */
  readonly unsure?: string;
  /** The last good spec from the cluster, of this process or of one before. */
  readonly good?: ClusterSpec;
  readonly local: LocalSpec;
  /** Whether the local spec becomes the object as soon as the API server lets it. */
  readonly willRegister: boolean;
  readonly refusedFields: readonly RefusedField[];
}

/** The snapshot to enforce; never throws, because a node without a spec waits for one. */
export function chooseSnapshot(known: Known): SpecSnapshot {
  const { node, good, local, view } = known;
  const about = (inForce: string) => ({
    ...(known.uid === undefined ? {} : { uid: known.uid }),
    ...(known.refused === undefined ? {} : { refused: `The newest spec is refused, ${inForce}: ${known.refused}` }),
  });
  if (view === 'absent' && !known.willRegister && (good === undefined || good.isDeleted))
    return good === undefined ? withoutSpec(known) : deleted(node, good);
  if (good !== undefined && good.isDeleted && view !== 'absent') {
    return { ...deleted(node, good), ...about('nothing is managed since the one before was deleted') };
  }
  if (good !== undefined && !good.isDeleted) {
    const generation = known.refused === undefined ? good.generation : (known.generation ?? good.generation);
    const unsure = known.unsure ?? (known.absence === 'unproven' ? UNPROVEN : undefined);
    const kept = unsure === undefined ? {} : { refused: `The spec in force stays: ${unsure}` };
    return {
      ...clusterSnapshot(node, good),
      generation,
      ...kept,
      ...about('the last good one is enforced'),
      ...ownership(known),
    };
  }
  if (local.kind === 'document') {
    const { spec, source, title } = local;
    return {
      name: node,
      generation: known.generation ?? 0,
      revision: `local ${JSON.stringify(source)}`,
      spec,
      source,
      ...about(`${title} is enforced`),
    };
  }
  return { ...withoutSpec(known), ...about('nothing is enforced') };
}

function clusterSnapshot(node: string, good: ClusterSpec): SpecSnapshot {
  const { uid, generation, loaded } = good;
  const { spec, source, ignored } = loaded;
  const unknown = ignored.length === 0 ? {} : { ignored };
  return { name: node, uid, generation, revision: specRevision(good), spec, source, ...unknown };
}

/** The fields that the local file could not bring into the object. */
function ownership({ refusedFields, local }: Known): Partial<SpecSnapshot> {
  if (refusedFields.length === 0) return {};
  const title = local.kind === 'document' ? local.title : 'the local spec';
  return { ownedElsewhere: refusalMessage(refusedFields, title) };
}

/** A removed object is the empty spec with the deletion policy that it had. */
function deleted(node: string, good: ClusterSpec): SpecSnapshot {
  const { generation, loaded } = good;
  const { deletionPolicy } = loaded.spec;
  const live = deletionPolicy === 'Keep' ? 'live values stay' : 'originals come back where that is safe';
  return {
    name: node,
    generation,
    revision: specRevision({ ...good, isDeleted: true }),
    spec: emptySpec(deletionPolicy),
    source: {},
    absent:
      `The NodePrep "${node}" was deleted: nothing is managed, deletionPolicy ${deletionPolicy} (${live}). ` +
      'Create it again, or change the spec file of the host, to have the node managed.',
  };
}

/** Nothing is taken back while no spec is known: the areas are paused. */
function withoutSpec({ node, local, generation, view, refused }: Known): SpecSnapshot {
  const problem = local.kind === 'document' ? '' : ` ${local.problem}`;
  const cluster = refused === undefined ? NOTHING_THERE[view] : 'the NodePrep of the cluster is refused';
  return {
    name: node,
    generation: generation ?? 0,
    revision: 'none',
    spec: { ...emptySpec('Keep'), mode: 'Paused' },
    source: {},
    absent: `This node has no spec and waits for one: ${cluster} ("${node}").${problem}`,
  };
}

const UNPROVEN =
  'the NodePrep is gone from the cluster, and it is too long ago to tell whether it was deleted or lost. ' +
  'Create it again to manage the node, and delete it afterwards to stop managing the node';

const NOTHING_THERE: Readonly<Record<ObjectView['state'], string>> = {
  unknown: 'the API server was not reached yet',
  'no-resource': 'the cluster does not have the CRD of NodePrep',
  absent: 'there is no NodePrep in the cluster',
  present: 'the NodePrep of the cluster was not read yet',
};
