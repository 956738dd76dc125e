/** Kernel parameters that are one under several names: writing one changes the others. Pure. */

/** From the kernel's code: two tables that point to one variable. */
export const EQUAL_SYSCTLS: readonly (readonly [string, string])[] = [
  ['net.ipv4.ip_forward', 'net.ipv4.conf.all.forwarding'],
  ['net.netfilter.nf_conntrack_max', 'net.nf_conntrack_max'],
  ['vm.nr_hugepages', 'vm.nr_hugepages_mempolicy'],
  ['fs.inotify.max_user_instances', 'user.max_inotify_instances'],
  ['fs.inotify.max_user_watches', 'user.max_inotify_watches'],
  ['fs.fanotify.max_user_groups', 'user.max_fanotify_groups'],
  ['fs.fanotify.max_user_marks', 'user.max_fanotify_marks'],
];

/** All names of a parameter, itself first. */
export function namesOfSysctl(name: string): readonly string[] {
  const others = EQUAL_SYSCTLS.filter((pair) => pair.includes(name)).flat();
  return [...new Set([name, ...others])];
}
