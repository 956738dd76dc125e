/** A cgroup of its own for each node, in every hierarchy: otherwise the pods of all nodes and this machine share them. */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

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

/** Removes them when the last process in them has ended, which takes the kernel a moment after it was killed. */
export async function removeCgroups(name: string): Promise<void> {
  const all = ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*/${name}*`, '-exec', 'rmdir', '{}', '+'];
  for (let attempt = 0; attempt < 50; attempt += 1) {
    if (spawnSync('find', all, { stdio: 'ignore' }).status === 0) return;
    await sleep(100);
  }
}
