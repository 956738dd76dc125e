/** Whether the local spec is to be applied to the object now. Pure. */
import { digestOf } from '../digest.ts';
import type { ObjectView } from '../object/object-mirror.ts';
import { isOwnedByLocalFile, ownershipOf } from '../object/ownership.ts';
import type { AppliedLocal, LocalSpec } from '../ports.ts';

/** What is known when it is decided. */
export interface RegistrationInput {
  readonly view: ObjectView;
  readonly local: LocalSpec;
  readonly applied?: AppliedLocal;
  /** Whether an absent object is to be made. */
  readonly mayRegister: boolean;
}

/** What to do: apply it, or take note that the object is older than our knowledge of the file. */
export type Registration =
  | { readonly action: 'none' }
  | { readonly action: 'apply'; readonly why: 'register' | 'changed' | 'ownership' }
  | { readonly action: 'note'; readonly applied: AppliedLocal };

/** The object is the truth: a local file that has not changed since is never applied again. */
export function planRegistration({ view, local, applied, mayRegister }: RegistrationInput): Registration {
  const none = { action: 'none' } as const;
  if (local.kind !== 'document') return none;
  if (view.state === 'absent') return mayRegister ? { action: 'apply', why: 'register' } : none;
  if (view.state !== 'present') return none;
  // The default stands in for a host without files; it must not take over what files have declared.
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
