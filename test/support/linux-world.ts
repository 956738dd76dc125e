/** A small Debian-like machine for `MemoryHost`; tests change what they are about. */
import type { MemoryFiles } from '../../src/host/memory/memory-host.ts';

/** Release of the kernel that runs in `linuxWorld`. */
export const RELEASE = '6.1.0-31-amd64';

/** Files of a machine with loadable modules and none of those loaded that Kubernetes needs. */
export function linuxWorld(changes: MemoryFiles = {}): MemoryFiles {
  return {
    '/proc/sys/kernel/osrelease': `${RELEASE}\n`,
    '/proc/sys/kernel/modules_disabled': '0\n',
    '/proc/cmdline': `BOOT_IMAGE=/boot/vmlinuz-${RELEASE} root=/dev/vda1 ro quiet\n`,
    '/proc/modules': 'virtio_net 73728 0 - Live 0x0000000000000000\n',
    '/proc/filesystems': 'nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\n\text4\n',
    '/sys/module/virtio_net/initstate': 'live\n',
    '/sys/module/kernel/parameters/panic': '0\n',
    [`/lib/modules/${RELEASE}/modules.dep`]: [
      'kernel/fs/overlayfs/overlay.ko:',
      'kernel/net/802/stp.ko: kernel/net/llc/llc.ko',
      'kernel/net/llc/llc.ko:',
      'kernel/net/bridge/bridge.ko: kernel/net/802/stp.ko kernel/net/llc/llc.ko',
      'kernel/net/bridge/br_netfilter.ko: kernel/net/bridge/bridge.ko kernel/net/802/stp.ko kernel/net/llc/llc.ko',
      'kernel/net/netfilter/nf_conntrack.ko:',
      'kernel/net/netfilter/ipvs/ip_vs.ko: kernel/net/netfilter/nf_conntrack.ko',
      'kernel/drivers/net/virtio_net.ko:',
      'kernel/drivers/block/nbd.ko:',
      'kernel/drivers/md/dm-crypt.ko:',
      '',
    ].join('\n'),
    [`/lib/modules/${RELEASE}/modules.builtin`]: 'kernel/fs/ext4/ext4.ko\nkernel/drivers/tty/serial/8250/8250.ko\n',
    [`/lib/modules/${RELEASE}/modules.alias`]: 'alias ip_conntrack nf_conntrack\nalias pci:v0000* virtio_net\n',
    '/etc/modules-load.d': null,
    '/etc/modprobe.d': null,
    ...changes,
  };
}
