/** The shared libraries of programs, as the dynamic loader of this machine finds them. */
import { run } from '../build/run.ts';

/** Absolute paths of the loader and of every library that the programs load at their start, sorted. */
export function librariesOf(programs: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const program of programs) {
    for (const line of run('ldd', [program]).split('\n')) {
      const { name, path } =
        /^\s*(?:(?<name>\S+) => )?(?<path>\S+|not found)(?: \(0x[0-9a-f]+\))?$/.exec(line)?.groups ?? {};
      if (path === undefined || path.startsWith('linux-vdso') || path === '') continue;
      if (!path.startsWith('/')) throw new Error(`"${program}" needs "${name}", which is not installed here`);
      found.add(systemPathOf(path));
    }
  }
  return [...found].toSorted();
}

/** The executable prefers a library beside itself, which is a copy of the one that Debian has. */
function systemPathOf(path: string): string {
  if (/^(?:\/usr)?\/lib/.test(path)) return path;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const listed = run('/sbin/ldconfig', ['-p'])
    .split('\n')
    .find((line) => line.trim().startsWith(`${name} `));
  const installed = listed?.split(' => ')[1];
  if (installed === undefined) throw new Error(`There is no "${name}" here: install the package that has it`);
  return installed.trim();
}
