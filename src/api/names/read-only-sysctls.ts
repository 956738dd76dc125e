/** Kernel parameters that the kernel only shows, by name with dots. Others are known by the mode of their file. */
export const READ_ONLY_SYSCTLS: readonly string[] = [
  'fs.aio-nr',
  'fs.dentry-state',
  'fs.file-nr',
  'fs.inode-nr',
  'fs.inode-state',
  'kernel.arch',
  'kernel.bootloader_type',
  'kernel.bootloader_version',
  'kernel.cap_last_cap',
  'kernel.core_modes',
  'kernel.ngroups_max',
  'kernel.osrelease',
  'kernel.ostype',
  'kernel.pty.nr',
  'kernel.seccomp.actions_avail',
  'kernel.version',
  'net.core.netdev_rss_key',
  'net.ipv4.tcp_available_congestion_control',
  'net.ipv4.tcp_available_ulp',
  'net.ipv4.tcp_ehash_entries',
  'net.ipv4.udp_hash_entries',
  'net.netfilter.nf_conntrack_count',
];

/** Whether no value can be set for a parameter, in either spelling. */
export function isReadOnlySysctl(name: string): boolean {
  return READ_ONLY_SYSCTLS.includes(name.replaceAll('/', '.'));
}
