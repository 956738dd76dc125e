/** A cgroup of its own for each node, in every hierarchy: otherwise the pods of all nodes and this machine share them. */
import { execFileSync } from 'node:child_process';

/** Shell commands that move the process which runs them into cgroups of that name; what it starts cannot look out of them. */
export function ownCgroups(name: string): string {
  return `
while IFS=: read -r number names path; do
  hierarchy=/sys/fs/cgroup/\${names#name=}
  [ "$number" != 0 ] || [ ! -d /sys/fs/cgroup/unified ] || hierarchy=/sys/fs/cgroup/unified
  own=$hierarchy$path/${name}
  mkdir -p "$own" 2>/dev/null || continue
  # A new cgroup of this controller may use nothing yet.
  for file in cpuset.cpus cpuset.mems; do [ ! -e "$own/../$file" ] || cat "$own/../$file" >"$own/$file"; done
  echo $$ >"$own/cgroup.procs"
done </proc/self/cgroup
`;
}

/** Removes them after the last process has ended. */
export function removeCgroups(name: string): void {
  const find = ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*/${name}*`];
  // One may still be busy for a moment: an empty cgroup does no harm.
  execFileSync('find', [...find, '-exec', 'rmdir', '--ignore-fail-on-non-empty', '{}', '+'], { stdio: 'ignore' });
}
