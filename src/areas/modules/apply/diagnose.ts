/** Says why loading a module failed: not found, blocked, unsigned, of another kernel, not permitted. Pure. */
import { CommandError, CommandMissingError } from '../../../host/errors.ts';
import { StepError } from '../../area.ts';
import { breakageWithout } from '../knowledge.ts';
import type { Observed } from '../observe/observe.ts';
import { type Obstacle, obstacleTo, otherKernel } from './obstacles.ts';

/** An obstacle and whether trying again may help. */
type Diagnosis = Obstacle & { readonly transient?: boolean };

/** Turns what modprobe threw into an error with the reason that an administrator can act on. */
export function loadFailure(name: string, error: unknown, observed: Observed): unknown {
  if (!(error instanceof CommandError)) return error;
  const diagnosis = diagnosisOf(name, error, observed);
  const transient = diagnosis.transient === true ? { transient: true } : {};
  return new StepError(diagnosis.reason, obstacleMessage(name, diagnosis), { cause: error, ...transient });
}

/** The error for a modprobe that said it succeeded although the module is still absent. */
export function stillAbsent(name: string, observed: Observed): StepError {
  const obstacle = obstacleTo(name, observed) ?? {
    reason: 'ApplyFailed' as const,
    why: 'modprobe reported success, but the module is neither in /sys/module nor built in',
    next: 'Look for an "install" line in "modprobe --showconfig" that replaces loading it.',
  };
  return new StepError(obstacle.reason, obstacleMessage(name, obstacle));
}

/** The whole message about an obstacle: what happened, what it means for the node, what to do. */
export function obstacleMessage(name: string, obstacle: Obstacle): string {
  return `Cannot load kernel module "${name}": ${obstacle.why}. ${breakageWithout(name)} ${obstacle.next}`;
}

function diagnosisOf(name: string, error: CommandError, observed: Observed): Diagnosis {
  if (error instanceof CommandMissingError) {
    return {
      reason: 'HostUnsupported',
      why: 'this host has no modprobe command',
      next: 'Install the package "kmod".',
    };
  }
  if (error.timedOut) {
    return {
      reason: 'ApplyFailed',
      why: 'modprobe did not end within its time limit and was stopped',
      next: 'Look at the kernel log: the initialisation of the module may hang.',
      transient: true,
    };
  }
  return obstacleTo(name, observed) ?? diagnosisOfOutput(error.stderr, observed);
}

/** Wordings of kmod and of busybox; `LC_ALL=C` keeps them English. */
function diagnosisOfOutput(stderr: string, { facts, trees, otherReleases }: Observed): Diagnosis {
  const said = stderr.trim().replaceAll(/\s+/g, ' ').slice(0, 300);
  const isPermission = /operation not permitted|permission denied/i.test(stderr);
  // EKEYREJECTED and ENOKEY come from signature enforcement, EPERM from lockdown (module_sig_check).
  if (/key was rejected|required key not available|key has been revoked|key has expired/i.test(stderr)) {
    const lockdown =
      facts.lockdown === undefined ? 'signatures are enforced' : `kernel lockdown is "${facts.lockdown}"`;
    return unsigned(`the kernel refused its signature (${lockdown}): ${said}`);
  }
  if (isPermission && facts.lockdown !== undefined) {
    return unsigned(`kernel lockdown is "${facts.lockdown}", which refuses unsigned modules: ${said}`);
  }
  if (isPermission) {
    return {
      reason: 'PermissionDenied',
      why: `the kernel does not permit it: ${said}`,
      next: 'Run NodePrep as root with CAP_SYS_MODULE; in a container, load the module on the host.',
    };
  }
  if (/invalid module format|exec format error|disagrees about version/i.test(stderr)) {
    return {
      reason: 'ModuleNotFound',
      why: `the file was built for another kernel than the running ${facts.release ?? 'one'}: ${said}`,
      next: 'Reboot into the installed kernel, or rebuild the module for this one.',
    };
  }
  if (/not found|can't change directory|no such file or directory/i.test(stderr)) {
    if (trees.length === 0 && facts.release !== undefined && otherReleases.length > 0) {
      return otherKernel(facts.release, otherReleases);
    }
    return {
      reason: 'ModuleNotFound',
      why: `no such module was found for kernel ${facts.release ?? 'of this host'}: ${said}`,
      next: 'Install the package with the extra modules of this kernel, or correct the name.',
    };
  }
  if (/no such device|not supported|function not implemented/i.test(stderr)) {
    return {
      reason: 'HostUnsupported',
      why: `the hardware or the kernel lacks what it needs: ${said}`,
      next: 'Set "optional: true" when the node can do without it.',
    };
  }
  return {
    reason: 'ApplyFailed',
    why: said === '' ? 'modprobe failed without a message' : said,
    next: 'Look at the kernel log: it names unknown symbols and refused parameters.',
    transient: true,
  };
}

function unsigned(why: string): Diagnosis {
  return {
    reason: 'ModuleBlocked',
    why,
    next: 'Use the signed module of the distribution, or enrol the key that signed it (mokutil --import).',
  };
}
