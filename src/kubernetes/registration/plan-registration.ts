/** Whether the local spec should be applied to the object now. Pure. */
import { digestOf } from '../digest.ts';
import type { ObjectView } from '../object/object-mirror.ts';
import { isOwnedByLocalFile, ownershipOf } from '../object/ownership.ts';
import type { NodePrepSpecSource } from '../../api/spec/nodeprep.ts';
import type { Absence } from '../object/absence.ts';
import type { AppliedLocal, LocalSpec } from '../ports.ts';

/** Input of the decision. */
export interface RegistrationInput {
  readonly view: ObjectView;
  readonly local: LocalSpec;
  readonly applied?: AppliedLocal;
  /** The spec that is in force, when it came from an object. */
  readonly enforced?: NodePrepSpecSource;
}

/** What to do: apply it, or take note that the object is older than our knowledge of the file. */
export type Registration =
  | { readonly action: 'none' }
  /** The cluster has lost the object: what is enforced becomes one again, not what the files said long ago. */
  | { readonly action: 'restore'; readonly source: NodePrepSpecSource }
  | { readonly action: 'apply'; readonly why: 'register' | 'changed' | 'ownership' }
  | { readonly action: 'note'; readonly applied: AppliedLocal };

/** The object is the truth: a local file that has not changed since is never applied again. */
export function planRegistration({ view, local, applied, enforced }: RegistrationInput): Registration {
  const none = { action: 'none' } as const;
  if (view.state === 'absent') {
    if (view.why === 'lost' && enforced !== undefined && !isSame(local, enforced))
      return { action: 'restore', source: enforced };
    return mayRegister(view.why, local, applied) ? { action: 'apply', why: 'register' } : none;
  }
  if (local.kind !== 'document' || view.state !== 'present') return none;
  // The default stands in for a host without files; it must not replace what files have declared.
  const { object } = view;
  const uid = object.metadata.uid ?? '';
  const known = applied?.uid === uid ? applied : undefined;
  if (known === undefined) {
    if (isOwnedByLocalFile(object)) return local.origin === 'files' ? { action: 'apply', why: 'changed' } : none;
    const digest = digestOf(local.source);
    return {
      action: 'note',
      applied: { uid, digest, origin: local.origin, refused: [], ownership: ownershipOf(object) },
    };
  }
  if (local.origin === 'default' && known.origin === 'files') return none;
  if (known.digest !== digestOf(local.source)) return { action: 'apply', why: 'changed' };
  const mayHelp = known.refused.length > 0 && known.ownership !== ownershipOf(object);
  return mayHelp ? { action: 'apply', why: 'ownership' } : none;
}

/** Whether an absent object is made from the local spec. */
export function mayRegister(why: Absence, local: LocalSpec, applied: AppliedLocal | undefined): boolean {
  if (local.kind !== 'document' || why === 'unproven') return false;
  if (why !== 'deleted') return true;
  // A changed file of the host asks for an object again; a changed default is not about this host.
  return local.origin === 'files' && applied?.digest !== digestOf(local.source);
}

function isSame(local: LocalSpec, source: NodePrepSpecSource): boolean {
  return local.kind === 'document' && digestOf(local.source) === digestOf(source);
}
