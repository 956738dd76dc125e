/** NodePrep cannot be installed here; the message says why and what to do. Nothing of what runs was changed. */
export class NotInstallableError extends Error {
  override readonly name = 'NotInstallableError';
}
