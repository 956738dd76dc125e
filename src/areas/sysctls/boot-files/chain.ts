/**
 * Who wins in the sysctl.d chain. systemd-sysctl keeps one assignment per spelling: a later one
 * replaces an earlier one, `-key` included. procps writes line after line, and `-key` stops patterns
 * only. In both, patterns pass over every key that is named anywhere. A pattern with "-" excludes
 * nothing in systemd 252 and procps 4.0.2 (newer procps lets it stop patterns). Pure.
 */
import { asKernelReads } from '../values/kernel-reading.ts';
import { isGlob, matchesGlob } from '../../glob.ts';
import type { Reader } from './parse-conf.ts';
import type { Chain } from './sysctl-d.ts';

/** One line of the chain that has a say in a key. */
export interface Rule {
  readonly file: string;
  readonly line: number;
  readonly keyPath: string;
  /** Absent: the line takes the key out of patterns (and for systemd out of the chain). */
  readonly value?: string;
  /** The value that the kernel would refuse: the line sets nothing. */
  readonly refused?: string;
}

/** The rules of one reader, ready to be asked. */
export interface Rules {
  readonly reader: Reader;
  /** All rules in the order of reading. */
  readonly all: readonly Rule[];
  /** The last explicit rule by key. */
  readonly explicit: ReadonlyMap<string, Rule>;
  /** Patterns that set a value, in the order in which they are applied. */
  readonly globs: readonly Rule[];
}

/** The rules of the files for which `include` holds. */
export function rulesOf(chain: Chain, reader: Reader, include: (path: string) => boolean): Rules {
  const all = chain.files
    .filter((file) => include(file.path))
    .flatMap((file) =>
      (file.parsed[reader]?.assignments ?? []).map((assignment): Rule => ({ file: file.path, ...assignment })),
    );
  const kept = reader === 'systemd' ? keptBySystemd(all) : all;
  const explicit = new Map<string, Rule>();
  for (const rule of kept) {
    const isSetting = rule.value !== undefined || reader === 'systemd' || !explicit.has(rule.keyPath);
    if (!isGlob(rule.keyPath) && isSetting) explicit.set(rule.keyPath, rule);
  }
  const globs = kept.filter((rule) => isGlob(rule.keyPath) && rule.value !== undefined);
  return { reader, all, explicit, globs };
}

/** The rule that decides a key, without `value` when the chain leaves the key alone on purpose; `undefined` when none does. */
export function winnerOf(rules: Rules, keyPath: string): Rule | undefined {
  return rules.explicit.get(keyPath) ?? rules.globs.findLast((rule) => matchesGlob(rule.keyPath, keyPath));
}

/**
 * The same with what the kernel makes of the value; `shape` is a value that the parameter has. Of
 * systemd's one assignment for a key nothing is left when the kernel refuses it; procps has written
 * the lines before it.
 */
export function settledBy(rules: Rules, keyPath: string, shape: string | undefined): Rule | undefined {
  return settled(rules, shape, winnerOf(rules, keyPath));
}

/** As `settledBy`, from the lines that name the key itself only. */
export function settledByName(rules: Rules, keyPath: string, shape: string | undefined): Rule | undefined {
  return settled(rules, shape, rules.explicit.get(keyPath));
}

function settled(rules: Rules, shape: string | undefined, winner: Rule | undefined): Rule | undefined {
  if (winner?.value === undefined) return winner;
  const read = asKernelReads(winner.value, shape);
  if (read !== undefined) return { ...winner, value: read };
  if (rules.reader === 'systemd') {
    const { value: refused, ...rest } = winner;
    return { ...rest, refused };
  }
  const isTaken = ({ value }: Rule) => value !== undefined && asKernelReads(value, shape) !== undefined;
  const earlier = rules.all.findLast((rule) => rule.keyPath === winner.keyPath && isTaken(rule));
  return earlier && { ...earlier, value: asKernelReads(earlier.value ?? '', shape) ?? '' };
}

/** Every rule that mentions a key, in the order of reading. */
export function rulesFor(rules: Rules, keyPath: string): readonly Rule[] {
  return rules.all.filter(
    (rule) => rule.keyPath === keyPath || (isGlob(rule.keyPath) && matchesGlob(rule.keyPath, keyPath)),
  );
}

/** systemd's ordered map: an equal value keeps its place, another one moves the entry to the end. */
function keptBySystemd(all: readonly Rule[]): readonly Rule[] {
  const kept = new Map<string, Rule>();
  for (const rule of all) {
    const earlier = kept.get(rule.keyPath);
    if (earlier !== undefined && earlier.value !== rule.value) kept.delete(rule.keyPath);
    // The later of two equal lines is the one to name, in the place of the earlier.
    kept.set(rule.keyPath, rule);
  }
  return [...kept.values()];
}
