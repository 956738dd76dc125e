/** Writes live values. */
import type { SysctlEntry } from '../../../api/parts/sysctl-entry.ts';
import { sysctlPath } from '../../../api/names/sysctl-names.ts';
import { HostFileError } from '../../../host/errors.ts';
import type { Host } from '../../../host/host.ts';
import { type Change, StepError } from '../../area.ts';
import { pause } from '../../pause.ts';
import { capabilityFor, hasCapability, howToGrant } from '../knowledge/capabilities.ts';
import { keyPathFrom } from '../values/key-path.ts';
import { describeWanted, formProblem, isEqual, isSatisfied, mergedValue } from '../values/match.ts';
import { type LiveState, observeLive } from '../observe/observe.ts';
import { isForbiddenRead } from '../plan/plan-entry.ts';
import type { LiveStep, RestoreStep } from '../plan/steps.ts';

/** Keys follow their module a moment later (systemd#1113). */
const MODULE_WAIT_MS = 5000;
const MODULE_POLL_MS = 100;

/** Makes a live value as declared. */
export async function applyLive(
  host: Host,
  step: LiveStep,
  signal: AbortSignal,
): Promise<readonly Change[] | undefined> {
  const { entry } = step;
  const before = await presentState(host, step, signal);
  if (before.state === 'value') {
    // Another program may have been faster, and an equal write is not inert everywhere.
    if (isSatisfied(entry, before.value)) return [];
    const problem = formProblem(entry, before.value);
    if (problem !== undefined) throw new StepError('SysctlRejected', `Cannot set "${entry.name}": ${problem}`);
  }
  const value = mergedValue(entry, before.state === 'value' ? before.value : undefined);
  const refused = await writeLive(host, entry.name, value);
  const after = await observeLive(host, entry.name);
  if (refused !== undefined) throw refusedError(entry.name, value, refused, before, after);
  if (after.state === 'value' && isSatisfied(entry, after.value)) return undefined;
  // A write-only key cannot be verified; its write was taken.
  if (isForbiddenRead(after)) return undefined;
  throw notHeldError(entry, value, after);
}

/** Puts an original back, unless the value was changed since by another program. */
export async function applyRestore(host: Host, step: RestoreStep): Promise<readonly Change[] | undefined> {
  const before = await observeLive(host, step.name);
  if (before.state !== 'value' || isEqual(before.value, step.original)) return [];
  if (!step.wrote.some((wrote) => isEqual(wrote, before.value))) return [];
  const refused = await writeLive(host, step.name, step.original);
  const after = await observeLive(host, step.name);
  if (refused !== undefined) throw refusedError(step.name, step.original, refused, before, after);
  if (after.state === 'value' && isEqual(after.value, step.original)) return undefined;
  throw notHeldError({ name: step.name, value: step.original, match: 'Exact' }, step.original, after);
}

/** The state of a key, after waiting for it when its module has just been loaded. */
async function presentState(host: Host, { entry, provider }: LiveStep, signal: AbortSignal): Promise<LiveState> {
  let state = await observeLive(host, entry.name);
  if (state.state !== 'absent') return state;
  if (provider === undefined) throw vanishedError(entry.name, state.why);
  const isLoaded = (await host.stat(`/sys/module/${provider}`)) !== undefined;
  const limitMs = isLoaded ? MODULE_WAIT_MS : 0;
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += MODULE_POLL_MS) {
    await pause(MODULE_POLL_MS, signal);
    state = await observeLive(host, entry.name);
    if (state.state !== 'absent') return state;
  }
  const why = isLoaded
    ? `the module "${provider}" is there, but the parameter has not appeared within ${MODULE_WAIT_MS / 1000} s`
    : `it appears with the kernel module "${provider}", which is declared but not loaded; see the entry of the module for the reason`;
  throw new StepError('WaitingForModule', `Cannot set "${entry.name}": ${why}`, { transient: true });
}

/** Writes one value; returns the error with which the kernel refused it. */
async function writeLive(host: Host, name: string, value: string): Promise<HostFileError | undefined> {
  try {
    // The line end also makes the write of an empty value a write.
    await host.writeKernelFile(sysctlPath(name), `${value}\n`);
    return undefined;
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    // A choice whose code is a module of its own, such as a congestion control or a queueing discipline,
    // is also refused with ENOENT: only an absent file means that the parameter is gone.
    if (error.code === 'ENOENT' && (await observeLive(host, name)).state === 'absent') {
      throw vanishedError(name, undefined, error);
    }
    if (!['EPERM', 'EACCES', 'EROFS'].includes(error.code)) return error;
    const why = (await missingCapability(host, name)) ?? `${error.message}; ${ROOT_NEEDED}`;
    throw new StepError('PermissionDenied', `Cannot set "${name}" to "${value}": ${why}`, { cause: error });
  }
}

const ROOT_NEEDED = 'NodePrep needs root in the namespaces of the host, and a /proc/sys that is mounted writable';

/** The capability that this process lacks for the parameter, and how to grant it; `undefined` when it is not that. */
async function missingCapability(host: Host, name: string): Promise<string | undefined> {
  const capability = capabilityFor(keyPathFrom(name));
  if (capability === undefined) return undefined;
  const status = await host.readFile('/proc/self/status').catch(() => undefined);
  if (hasCapability(status ?? '', capability) !== false) return undefined;
  return `the kernel wants ${capability} for this parameter, which NodePrep does not have here. To let it, ${howToGrant(capability)}`;
}

function refusedError(
  name: string,
  value: string,
  cause: HostFileError,
  before: LiveState,
  after: LiveState,
): StepError {
  const landed =
    after.state === 'value' && before.state === 'value' && !isEqual(before.value, after.value)
      ? `, and a part of it landed: it was "${before.value}" and is now "${after.value}"`
      : `; it stays at ${shown(after)}`;
  const why =
    cause.code === 'ENOENT' ? 'the kernel has no such choice (ENOENT)' : `the kernel refused the value (${cause.code})`;
  const next =
    cause.code === 'ENOENT'
      ? 'Declare the kernel module that brings it under spec.modules, or another value'
      : 'Declare a value that the kernel accepts';
  const message = `Cannot set "${name}" to "${value}": ${why}${landed}. ${next}; nothing was persisted`;
  return new StepError('SysctlRejected', message, {
    cause,
    transient: ['EBUSY', 'EAGAIN', 'EINTR'].includes(cause.code),
    // The bounds of some values are other parameters, which may be declared, too.
    dependsOnOthers: true,
  });
}

function notHeldError(
  wanted: Pick<SysctlEntry, 'name' | 'value' | 'match'>,
  value: string,
  after: LiveState,
): StepError {
  const message = `Cannot set "${wanted.name}" to "${value}": the kernel took the write but now holds ${shown(after)}, not "${describeWanted(wanted)}". If the kernel rounds or caps the value, declare what it shows, or use match: AtLeast or AtMost; nothing was persisted`;
  return new StepError('SysctlRejected', message, { dependsOnOthers: true });
}

function vanishedError(name: string, why: string | undefined, cause?: Error): StepError {
  const message = `Cannot set "${name}": the parameter has disappeared from the kernel${why === undefined ? '' : `: ${why}`}`;
  return new StepError('SysctlUnsupported', message, { cause, transient: true });
}

function shown(state: LiveState): string {
  return state.state === 'value'
    ? `"${state.value}"`
    : state.state === 'absent'
      ? 'nothing'
      : 'a value that cannot be read';
}
