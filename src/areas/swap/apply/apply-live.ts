/** The live steps: each checks first, acts, and believes only what `/proc/swaps` shows afterwards. */
import { CommandError, CommandMissingError } from '../../../host/errors.ts';
import type { Host } from '../../../host/host.ts';
import { type Change, StepError } from '../../area.ts';
import { observeActive, observeMemAvailable } from '../observe/observe.ts';
import { observeCgroupSwap } from '../observe/observe-cgroups.ts';
import { isZramDevice, type SwapDevice } from '../observe/parse.ts';
import { isRefused, runWithRights } from './run-with-rights.ts';
import { unsafeCgroup, unsafeSwapoff } from '../plan/safety.ts';
import { renderUse, type SwapoffStep, type SwaponStep } from '../plan/steps.ts';
import { bytesFrom, swapUnitOf } from '../plan/unit-names.ts';
import { parseUnits, UNIT_PROPERTIES } from '../plan/units.ts';

/** Every page in use is read back from disk; a slow disk needs minutes for a few gigabytes. */
const SWAPOFF_TIMEOUT_MS = 10 * 60_000;
const START_TIMEOUT_MS = 100_000;

type Made = Promise<readonly Change[] | void>;

/** Empties a device and turns it off. */
export async function turnOff(host: Host, { path, reserveBytes }: SwapoffStep, signal: AbortSignal): Made {
  const device = await activeDevice(host, path);
  if (device === undefined) return [];
  const unsafe =
    unsafeSwapoff([device], await observeMemAvailable(host), reserveBytes) ??
    (device.usedBytes === 0 ? undefined : unsafeCgroup([device], await observeCgroupSwap(host)));
  if (unsafe !== undefined) throw new StepError('SwapoffUnsafe', unsafe.message, { transient: true });
  let failure: unknown;
  try {
    await runWithRights(host, ['swapoff', '--', path], { timeoutMs: SWAPOFF_TIMEOUT_MS, signal });
  } catch (error) {
    signal.throwIfAborted();
    failure = error;
  }
  const still = await activeDevice(host, path);
  // Also after a failure: EINVAL and ENOENT mean that another process was faster.
  if (still === undefined) return undefined;
  throw swapoffFailure(still, failure);
}

/** Turns a device on as it was. zram has lost its set-up with swapoff, which only its unit can repeat. */
export async function turnOn(host: Host, { device }: SwaponStep, signal: AbortSignal): Made {
  if ((await activeDevice(host, device.path)) !== undefined) return [];
  const unit = isZramDevice(device.path) ? await startableUnit(host, device.path, signal) : undefined;
  if (unit !== undefined) {
    await host.run(['systemctl', 'start', '--', unit], { timeoutMs: START_TIMEOUT_MS, signal });
  } else if ((await host.stat(device.path)) === undefined) {
    // A swap file that was deleted while off was deleted on purpose: there is nothing to bring back.
    return [];
  } else {
    // Negative priorities are given by the kernel in the order of activation; swapon(8) takes others only.
    const priority = device.priority < 0 ? [] : ['-p', String(device.priority)];
    await runWithRights(host, ['swapon', ...priority, '--', device.path], { timeoutMs: START_TIMEOUT_MS, signal });
  }
  if ((await activeDevice(host, device.path)) !== undefined) return undefined;
  throw new StepError(
    'ApplyFailed',
    `Cannot turn swap on "${device.path}" on again: the command succeeded, but /proc/swaps does not list it. It is on after the next reboot; "swapon --show" shows its state now.`,
  );
}

/** Stops a service that manages swap. It is masked by now, so none of its own commands run. */
export async function stopService(host: Host, unit: string, signal: AbortSignal): Made {
  await host.run(['systemctl', 'stop', '--', unit], { timeoutMs: START_TIMEOUT_MS, signal });
}

/** Starts a service that we stopped. */
export async function startService(host: Host, unit: string, signal: AbortSignal): Made {
  await host.run(['systemctl', 'start', '--', unit], { timeoutMs: START_TIMEOUT_MS, signal });
}

async function activeDevice(host: Host, path: string): Promise<SwapDevice | undefined> {
  return (await observeActive(host))?.find((device) => device.path === path && !device.isDeleted);
}

async function startableUnit(host: Host, path: string, signal: AbortSignal): Promise<string | undefined> {
  const unit = swapUnitOf(bytesFrom(path));
  if (unit === undefined || (await host.stat('/run/systemd/system')) === undefined) return undefined;
  const { stdout } = await host.query(['systemctl', 'show', '--all', '-p', UNIT_PROPERTIES, '--', unit], { signal });
  const live = parseUnits(stdout)[0];
  return live?.load === 'loaded' && live.fragment !== '' ? unit : undefined;
}

function swapoffFailure(device: SwapDevice, failure: unknown): StepError {
  const cannot = `Cannot turn swap on "${device.path}" off (${renderUse(device)})`;
  const cause = { cause: failure };
  if (failure instanceof CommandMissingError) {
    return new StepError(
      'HostUnsupported',
      `${cannot}: there is no swapoff command. Swap is off after the next reboot; until then the kubelet refuses to start. Install util-linux to turn it off now.`,
      cause,
    );
  }
  if (failure instanceof CommandError && failure.timedOut) {
    return new StepError(
      'ApplyFailed',
      `${cannot}: it did not end within ${SWAPOFF_TIMEOUT_MS / 60_000} minutes. The next pass tries again; what has been moved to memory stays there.`,
      { ...cause, transient: true },
    );
  }
  const detail =
    failure instanceof CommandError
      ? failure.stderr.trim() || failure.message
      : failure instanceof Error
        ? failure.message
        : '';
  if (/cannot allocate memory/i.test(detail)) {
    return new StepError(
      'SwapoffUnsafe',
      `${cannot}: the kernel does not have enough memory for its contents (${detail}). Stop or move programs that use memory; the next pass tries again.`,
      { ...cause, transient: true },
    );
  }
  if (isRefused(failure)) {
    return new StepError(
      'PermissionDenied',
      `${cannot}: ${detail}. Run as root with CAP_SYS_ADMIN, in a container also with access to the device and without a seccomp profile.`,
      cause,
    );
  }
  const why = detail === '' ? 'swapoff succeeded, but /proc/swaps still lists it' : detail;
  return new StepError('ApplyFailed', `${cannot}: ${why}. The kubelet refuses to start until it is off.`, {
    ...cause,
    transient: true,
  });
}
