/** What stands in the way of loading a module, as far as it is certain before trying. Pure. */
import { meantModule } from '../../../api/names/usual-modules.ts';
import type { Reason } from '../../../api/status/conditions.ts';
import type { Observed } from '../observe/observe.ts';
import { kernelName } from '../observe/parse.ts';

/** Why a module cannot be loaded. */
export interface Obstacle {
  readonly reason: Reason;
  /** A clause that follows "Cannot load kernel module: ". */
  readonly why: string;
  /** What an administrator does next, as a sentence. */
  readonly next: string;
  readonly file?: string;
  readonly line?: number;
  /** A reboot may remove it, so what is persisted already stays. */
  readonly endsWithBoot?: boolean;
}

/** What certainly keeps an absent module from being loaded now; `undefined` lets modprobe try. */
export function obstacleTo(name: string, observed: Observed): Obstacle | undefined {
  return kernelObstacle(observed) ?? blockOf(name, observed) ?? absenceOf(name, observed);
}

function kernelObstacle({ kernel, facts }: Observed): Obstacle | undefined {
  // Of a captured kernel it is only certain what its module tree and its files say.
  if (kernel !== 'running') return undefined;
  if (!facts.proc) {
    return {
      reason: 'HostUnsupported',
      why: '/proc is not mounted, so neither the kernel nor its modules can be seen',
      next: 'Mount /proc, or run NodePrep where the host has it.',
    };
  }
  if (facts.loaded === undefined) {
    return {
      reason: 'HostUnsupported',
      why: 'this kernel was built without loadable modules (there is no /proc/modules), and the module is not built in',
      next: 'Reboot into a kernel that has it.',
    };
  }
  if (facts.disabled) {
    return {
      reason: 'PermissionDenied',
      why: 'kernel.modules_disabled is 1, which forbids loading modules until the next reboot',
      next: 'Load it before that switch is set: it is often set by a hardening sysctl file or the "nomodule" boot parameter.',
      endsWithBoot: true,
    };
  }
  return undefined;
}

/** What keeps the boot, too, from loading the module: a blacklist or an install line that does nothing. */
export function blockOf(name: string, { directives, facts, modules }: Observed): Obstacle | undefined {
  const names = new Set([name, modules.get(name)?.realName ?? name]);
  const listed = directives.find((line) => line.directive === 'blacklist' && names.has(line.module));
  if (listed !== undefined) {
    return {
      reason: 'ModuleBlocked',
      why: `it is blacklisted in ${listed.file}, line ${listed.line}`,
      next: 'Remove that line if this machine is to be a Kubernetes node; systemd would skip the module at every boot.',
      file: listed.file,
      line: listed.line,
    };
  }
  // Only the first install line of a module counts (libkmod keeps them in reading order).
  const install = directives.find((line) => line.directive === 'install' && names.has(line.module));
  if (install !== undefined && doesNothing(install.rest)) {
    return {
      reason: 'ModuleBlocked',
      why: `${install.file}, line ${install.line} runs "${install.rest.slice(0, 80)}" in place of loading it`,
      next: 'Remove that line if this machine is to be a Kubernetes node.',
      file: install.file,
      line: install.line,
    };
  }
  const word = facts.commandLine.find(
    (one) =>
      (one.name === 'module_blacklist' || one.name === 'modprobe.blacklist') &&
      one.value.split(',').some((module) => names.has(kernelName(module))),
  );
  if (word === undefined) return undefined;
  return {
    reason: 'ModuleBlocked',
    why: `the kernel command line has ${word.name}=${word.value.slice(0, 80)} (/proc/cmdline)`,
    next: 'Remove it from the boot loader configuration and reboot.',
    file: '/proc/cmdline',
  };
}

function doesNothing(command: string): boolean {
  const program = command.trim().split(/\s+/)[0] ?? '';
  return /^(.*\/)?(true|false|:)$/.test(program);
}

/** Whether `modules.dep` and its companions certainly do not know the module. */
function absenceOf(name: string, observed: Observed): Obstacle | undefined {
  const { trees, otherReleases, facts, directives, kernel } = observed;
  if (directives.some((line) => line.module === name && line.directive === 'install')) return undefined;
  if (trees.length === 0) {
    if (facts.release === undefined || otherReleases.length === 0) return undefined;
    return otherKernel(facts.release, otherReleases);
  }
  if (trees.some((tree) => tree.loadable === undefined && tree.builtIn.size === 0)) return undefined;
  const names = [name, observed.modules.get(name)?.realName ?? name];
  const has = names.some((one) => trees.some((tree) => tree.builtIn.has(one) || tree.loadable?.has(one) === true));
  if (has) return undefined;
  const releases = trees.map((tree) => tree.release).join(', ');
  const meant = meantModule(name, new Set(trees.flatMap((tree) => [...tree.builtIn, ...(tree.loadable ?? [])])));
  if (meant !== undefined) {
    return {
      reason: 'ModuleNotFound',
      why: `kernel ${releases} has no such module, but one named "${meant}"`,
      next: 'Correct the name if that one is meant; otherwise install the package with the extra modules of this kernel.',
    };
  }
  return {
    reason: 'ModuleNotFound',
    why: `kernel ${releases} has no such module in modules.dep or modules.builtin`,
    next:
      kernel === 'absent'
        ? 'Install the package with the extra modules of that kernel into the image, or correct the name.'
        : 'Install the package with the extra modules of this kernel (for example linux-modules-extra or kernel-modules-extra), or correct the name.',
  };
}

/** The usual cause: a kernel package was upgraded, and the old modules are gone before the reboot. */
export function otherKernel(release: string, others: readonly string[]): Obstacle {
  return {
    reason: 'ModuleNotFound',
    why: `the running kernel ${release} has no modules in /lib/modules, which has those of ${others.slice(0, 5).join(', ')}: the kernel was probably upgraded without a reboot`,
    next: 'Reboot into the installed kernel.',
    endsWithBoot: true,
  };
}
