/** The systems that NodePrep is built for. */

/** A system by the name that Node's own packages use. */
export interface Target {
  readonly name: 'linux-x64' | 'linux-arm64';
  /** Directory of libraries on a Debian of this architecture. */
  readonly triplet: string;
  readonly debianArchitecture: 'amd64' | 'arm64';
}

/** Every target, in the order in which they are built. */
export const TARGETS: readonly Target[] = [
  { name: 'linux-x64', triplet: 'x86_64-linux-gnu', debianArchitecture: 'amd64' },
  { name: 'linux-arm64', triplet: 'aarch64-linux-gnu', debianArchitecture: 'arm64' },
];

/** The target that this machine is; `undefined` on anything else. */
export const NATIVE = TARGETS.find(({ name }) => name === `${process.platform}-${process.arch}`);

/** The targets named on a command line, such as `linux-arm64`; the building machine's own when none is. */
export function targetsFrom(names: readonly string[]): readonly Target[] {
  const wanted = names.flatMap((name) => name.split(',')).filter((name) => name !== '');
  if (wanted.includes('all')) return TARGETS;
  if (wanted.length === 0) {
    if (NATIVE !== undefined) return [NATIVE];
    throw new Error(`Cannot build for this machine: "${process.platform}-${process.arch}" is not a target; use --arch`);
  }
  return wanted.map((name) => {
    const target = TARGETS.find((one) => one.name === name);
    if (target !== undefined) return target;
    const known = TARGETS.map((one) => one.name).join(', ');
    throw new Error(`Cannot build for "${name}": expected all or one of ${known}`);
  });
}
