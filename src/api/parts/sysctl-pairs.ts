/** Kernel parameters that the kernel itself changes together, so that declaring both is a fight without an opponent. */
import { EQUAL_SYSCTLS } from '../names/equal-sysctls.ts';
import type { Problem } from '../yaml/errors.ts';
import type { Declaration, ServerRule } from './part.ts';
import { sysctlFrom, SysctlSource } from './sysctl-entry.ts';

/** Writing one sets the other to zero (Documentation/admin-guide/sysctl/vm.rst). */
const ZEROING_PAIRS = [
  ['vm.dirty_bytes', 'vm.dirty_ratio'],
  ['vm.dirty_background_bytes', 'vm.dirty_background_ratio'],
  ['vm.overcommit_kbytes', 'vm.overcommit_ratio'],
] as const;

/** Pairs among the declared parameters, and between them and those of the profile, that can never both hold. */
export function pairProblems(
  declared: ReadonlyMap<string, Declaration>,
  preset: readonly SysctlSource[] | undefined,
): Problem[] {
  const zeroing = ZEROING_PAIRS.flatMap(([a, b]) => {
    const [first, second] = [declared.get(a), declared.get(b)];
    if (first === undefined || second === undefined) return [];
    const message = `${a} (${placeOf(first)}) and ${b} (${placeOf(second)}) cannot both be set: the kernel sets one to zero when the other is written; keep one of them`;
    return [second.document.problem([...second.path, 'name'], message)];
  });
  const profile = new Map((preset ?? []).map(sysctlFrom).map((entry) => [entry.name, entry.value]));
  const equal = EQUAL_SYSCTLS.flatMap((pair) =>
    [pair, pair.toReversed()].flatMap(([a = '', b = ''], index) => {
      const [mine, other] = [declared.get(a), declared.get(b)];
      // With both declared, the pair is reported once, at the second name.
      if (mine === undefined || (other !== undefined && index === 0)) return [];
      if (other !== undefined && !isSwitch(pair)) {
        const message = `${a} and ${b} (${placeOf(other)}) are one parameter of the kernel; keep one of them`;
        return [mine.document.problem([...mine.path, 'name'], message)];
      }
      const [value, counterpart] = [valueOf(mine), other === undefined ? profile.get(b) : valueOf(other)];
      if (counterpart === undefined || value === undefined || value === counterpart) return [];
      const where = other === undefined ? 'the profile' : placeOf(other);
      const message = `${a} is "${value}" here but ${b} is "${counterpart}" (${where}): the kernel keeps both equal; give them one value`;
      return [mine.document.problem([...mine.path, 'value'], message)];
    }),
  );
  return [...zeroing, ...equal];
}

/** Guides set both names of a switch. For the server only 0 and 1 are cheap enough to compare, so others are declared once. */
const isSwitch = ([a]: readonly string[]) => a === 'net.ipv4.ip_forward';

function valueOf(declaration: Declaration): string | undefined {
  const parsed = SysctlSource.safeParse(declaration.value);
  return parsed.success ? sysctlFrom(parsed.data).value : undefined;
}

function placeOf({ document, path }: Declaration): string {
  return document.placeOf(path);
}

/** Both spellings of a parameter none of whose parts has a dot. */
const spellings = (name: string) => textsIn([name, name.replaceAll('.', '/')]);
const notBoth = (a: string, b: string) =>
  `!self.exists(x, x.name in ${spellings(a)}) || !self.exists(x, x.name in ${spellings(b)})`;

/** A list of texts in CEL. */
export function textsIn(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;
}

/** Values are compared with plain numbers only: for the server, text of unknown length is too expensive to take apart. */
const is = (entry: string, value: string) => `(${entry}.value == ${value} || ${entry}.value == "${value}")`;

/** The pairs among the declared parameters, for the API server. */
export function pairRules(): readonly ServerRule[] {
  const zeroing = ZEROING_PAIRS.map(([a, b]) => ({
    rule: notBoth(a, b),
    message: `${a} and ${b} cannot both be set: the kernel sets one to zero when the other is written; keep one of them`,
  }));
  const equal = EQUAL_SYSCTLS.map((pair) => {
    const [a, b] = pair;
    if (!isSwitch(pair))
      return { rule: notBoth(a, b), message: `${a} and ${b} are one parameter of the kernel; keep one of them` };
    const differs = ['0', '1']
      .flatMap((value) => [[a, b, value] as const, [b, a, value] as const])
      .map(
        ([one, other, value]) =>
          `!(self.exists(x, x.name in ${spellings(one)} && ${is('x', value)}) && self.exists(x, x.name in ${spellings(other)} && !${is('x', value)}))`,
      );
    return {
      rule: differs.join(' && '),
      message: `${a} and ${b} are one switch that the kernel keeps equal; give them one value`,
    };
  });
  return [...zeroing, ...equal];
}

/** The same pairs when one half comes from a profile: rules for the spec as a whole. */
export function profileRules(
  presets: Readonly<Record<string, readonly SysctlSource[] | undefined>>,
): readonly ServerRule[] {
  return EQUAL_SYSCTLS.flatMap((pair) =>
    [pair, pair.toReversed()].flatMap(([mine = '', other = '']) => {
      const values = new Map<string, string[]>();
      for (const [name, preset] of Object.entries(presets)) {
        const value = preset?.find((entry) => entry.name === other)?.value;
        if (value !== undefined) values.set(String(value), [...(values.get(String(value)) ?? []), name]);
      }
      return [...values].map(([value, names]) => ({
        rule: `!has(self.profile) || !has(self.sysctls) || !(self.profile in ${textsIn(names)}) || self.sysctls.exists(x, x.name in ${spellings(other)}) || self.sysctls.all(x, !(x.name in ${spellings(mine)}) || ${is('x', value)})`,
        message: `${mine} must be ${value}, because the profile sets ${other} to ${value} and the kernel keeps both equal`,
      }));
    }),
  );
}
