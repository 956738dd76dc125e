/** Turns whatever an area threw into a finding with a reason of the condition vocabulary. */
import type { Reason } from '../../api/status/conditions.ts';
import { type Finding, StepError } from '../../areas/area.ts';
import { CommandError, CommandMissingError, HostFileError } from '../../host/errors.ts';

/** Errors that waiting can cure: space, memory and descriptors come back. */
const PASSING = new Set([
  'EAGAIN',
  'EBUSY',
  'EDQUOT',
  'EINTR',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOSPC',
  'ETXTBSY',
]);

/** Whether the error is a bug of NodePrep and not something that the host said. */
export function isDefect(error: unknown): boolean {
  return !(error instanceof StepError || error instanceof CommandError || error instanceof HostFileError);
}

/** What went wrong with `target`, with the most specific reason that the error allows. */
export function findingFrom(error: unknown, target: string): Finding {
  const message = isDefect(error) ? defectMessage(error) : errorFrom(error).message;
  const { reason, transient } = verdict(error);
  return { target, reason, message, ...(transient ? { transient } : {}) };
}

/** An `Error` for anything that was thrown. */
export function errorFrom(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function defectMessage(error: unknown): string {
  const { name, message } = errorFrom(error);
  return `NodePrep has a bug here and cannot go on with this part of the node (${name}: ${message}); the rest is kept as declared. Report it with the stack from the log of NodePrep.`;
}

function verdict(error: unknown): { reason: Reason; transient: boolean } {
  if (error instanceof StepError) return { reason: error.reason, transient: error.transient };
  if (error instanceof CommandMissingError) return { reason: 'HostUnsupported', transient: false };
  if (error instanceof CommandError) return { reason: 'ApplyFailed', transient: true };
  if (error instanceof HostFileError) {
    const denied = ['EACCES', 'EPERM', 'EROFS'].includes(error.code);
    return { reason: denied ? 'PermissionDenied' : 'ApplyFailed', transient: PASSING.has(error.code) };
  }
  return { reason: 'InternalError', transient: false };
}
