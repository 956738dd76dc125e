/** What some parameters are for, as the running kernel shows it: the effect counts, not the word. Pure. */
import type { BootParameterEntry } from '../../../api/parts/boot-parameters.ts';
import { plainBootName } from '../../../api/names/boot-parameters.ts';
import { CGROUP_CONTROLLERS } from '../../cgroups.ts';
import { HUGE_PAGES, type KernelFacts, VULNERABILITIES } from '../observe/kernel-facts.ts';

/** What a parameter came to. */
export interface Effect {
  /** Entries that are about the same thing of the kernel. */
  readonly about: string;
  readonly looked: string;
  readonly found: string;
  /** Absent when what is found proves nothing. */
  readonly holds?: boolean;
  /** The kernel has it from the start only, so a host that has it without the word needs no word. */
  readonly isFromStart: boolean;
}

/** The effect of an entry on this kernel; `undefined` when the command line is all there is to see. */
export function effectOf(
  { parameter, value, state }: Pick<BootParameterEntry, 'parameter' | 'value' | 'state'>,
  facts: KernelFacts,
): Effect | undefined {
  const isPresent = state === 'Present';
  switch (plainBootName(parameter)) {
    case 'cgroup_enable':
      return isPresent ? controllersEffect(value, facts, true) : undefined;
    case 'cgroup_disable':
      return controllersEffect(value, facts, !isPresent);
    case 'systemd.unified_cgroup_hierarchy':
      return hierarchyEffect(value, facts, isPresent);
    case 'hugepages':
      return isPresent ? pagesEffect(value, facts) : undefined;
    case 'mitigations':
      return {
        about: 'mitigations',
        looked: VULNERABILITIES,
        found: facts.covered.length === 0 ? 'no weakness is covered' : `covered: ${facts.covered.join(', ')}`,
        isFromStart: true,
      };
    default:
      return undefined;
  }
}

function controllersEffect(value: string, { cgroup, controllers }: KernelFacts, isWanted: boolean): Effect | undefined {
  const named = value.split(',').filter((name) => /^[a-z0-9_]+$/.test(name));
  if (named.length === 0 || cgroup === undefined) return undefined;
  return {
    about: 'cgroup controllers',
    looked: cgroup === 'v2' ? CGROUP_CONTROLLERS : '/proc/cgroups',
    found: controllers.join(' ') || 'no controllers',
    holds: named.every((name) => controllers.includes(name) === isWanted),
    isFromStart: true,
  };
}

function hierarchyEffect(value: string, { cgroup }: KernelFacts, isPresent: boolean): Effect | undefined {
  const isUnified = value === '' || /^(1|y|yes|t|true|on)$/i.test(value);
  // Without "=1" systemd decides by its version.
  if (cgroup === undefined || (!isPresent && isUnified)) return undefined;
  const wanted = isPresent && !isUnified ? 'v1' : 'v2';
  return {
    about: 'cgroup hierarchy',
    looked: '/sys/fs/cgroup',
    found: `cgroup ${cgroup}`,
    holds: cgroup === wanted,
    isFromStart: true,
  };
}

function pagesEffect(value: string, { hugePages, words }: KernelFacts): Effect | undefined {
  // With a size of their own, the pages are counted elsewhere.
  const isSized = words.some((word) => /^(default_)?hugepagesz=/.test(word));
  if (hugePages === undefined || isSized || !/^\d+$/.test(value)) return undefined;
  // A sysctl can add pages at any time, so their number does not replace the word.
  return {
    about: 'huge pages',
    looked: HUGE_PAGES,
    found: String(hugePages),
    holds: hugePages >= Number(value),
    isFromStart: false,
  };
}
