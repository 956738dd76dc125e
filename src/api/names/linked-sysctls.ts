/** Kernel parameters that the kernel itself changes together, so that declaring both is a fight without an opponent. */
import type { Problem } from '../yaml/errors.ts';
import { sysctlFrom } from '../spec/expand.ts';
import type { Declaration } from '../spec/merge.ts';
import { type NodePrepSpecSource, SysctlSource } from '../spec/nodeprep.ts';

/** Writing one sets the other to zero (Documentation/admin-guide/sysctl/vm.rst). */
export const ZEROING_PAIRS = [
  ['vm.dirty_bytes', 'vm.dirty_ratio'],
  ['vm.dirty_background_bytes', 'vm.dirty_background_ratio'],
  ['vm.overcommit_kbytes', 'vm.overcommit_ratio'],
] as const;

/** Two names of one switch: writing one changes the other, and resets the forwarding of every interface. */
export const EQUAL_PAIRS = [['net.ipv4.ip_forward', 'net.ipv4.conf.all.forwarding']] as const;

/** Pairs among the declared parameters, and between them and those of the profile, that can never both hold. */
export function linkedProblems(declared: ReadonlyMap<string, Declaration>, preset: NodePrepSpecSource): Problem[] {
  const zeroing = ZEROING_PAIRS.flatMap(([a, b]) => {
    const [first, second] = [declared.get(a), declared.get(b)];
    if (first === undefined || second === undefined) return [];
    const message = `${a} (${placeOf(first)}) and ${b} (${placeOf(second)}) cannot both be set: the kernel sets one to zero when the other is written; keep one of them`;
    return [second.document.problem([...second.path, 'name'], message)];
  });
  const profile = new Map((preset.sysctls ?? []).map(sysctlFrom).map((entry) => [entry.name, entry.value]));
  const equal = EQUAL_PAIRS.flatMap((pair) =>
    [pair, pair.toReversed()].flatMap(([a = '', b = ''], index) => {
      const [mine, other] = [declared.get(a), declared.get(b)];
      // With both declared, the pair is reported once, at the second name.
      if (mine === undefined || (other !== undefined && index === 0)) return [];
      const [value, counterpart] = [valueOf(mine), other === undefined ? profile.get(b) : valueOf(other)];
      if (counterpart === undefined || value === undefined || value === counterpart) return [];
      const where = other === undefined ? 'the profile' : placeOf(other);
      const message = `${a} is "${value}" here but ${b} is "${counterpart}" (${where}): the kernel keeps both equal; give them one value`;
      return [mine.document.problem([...mine.path, 'value'], message)];
    }),
  );
  return [...zeroing, ...equal];
}

function valueOf(declaration: Declaration): string | undefined {
  const parsed = SysctlSource.safeParse(declaration.value);
  return parsed.success ? sysctlFrom(parsed.data).value : undefined;
}

function placeOf({ document, path }: Declaration): string {
  return document.placeOf(path);
}
