/** A command needs rights that the caller does not have. */
export class NotRootError extends Error {
  override readonly name = 'NotRootError';
}

/** Throws `NotRootError` unless the process may change this machine; directories need no root. */
export function requireRoot({ live }: { readonly live: boolean }, command: string): void {
  if (!live || process.geteuid?.() === 0) return;
  throw new NotRootError(
    `"nodeprep ${command}" changes this machine and must run as root: try "sudo nodeprep ${command}". ` +
      'Without root, "nodeprep plan" shows what it would do.',
  );
}
