/** What is known about the modules that Kubernetes nodes use, for `explain`, `verify` and messages. */

/** Texts about one module. */
export interface ModuleKnowledge {
  readonly why: string;
  readonly breaks: string;
  readonly symptom: string;
  readonly askedBy: readonly string[];
  readonly notes?: readonly string[];
}

const IPVS: ModuleKnowledge = {
  why: "kube-proxy in ipvs mode programs Services into the kernel's own load balancer, IPVS.",
  breaks: 'kube-proxy in ipvs mode cannot start, or a Service that uses this scheduler gets no endpoints.',
  symptom: "can't use the IPVS proxier: … the following required kernel modules are not loaded",
  askedBy: ['kube-proxy (mode ipvs)', 'kube-vip'],
  notes: ['Not needed in iptables or nftables mode. The ipvs mode is deprecated since Kubernetes 1.35.'],
};

const TUNNEL = (kind: string, port: string): ModuleKnowledge => ({
  why: `Overlay networks carry pod traffic between nodes in ${kind} packets (${port}).`,
  breaks: 'Pods on different nodes cannot reach each other while those on one node can.',
  symptom: 'operation not supported, from the CNI agent when it creates its tunnel device',
  askedBy: ['Flannel', 'Calico', 'Cilium', 'Antrea'],
  notes: ['A CNI in native routing mode does not need it. Most agents load it themselves when they may.'],
});

const MODULES: Readonly<Record<string, ModuleKnowledge>> = {
  overlay: {
    why: 'containerd and CRI-O build the root file system of a container by stacking image layers with overlayfs; the kernel only offers that file system when this module is loaded or built in.',
    breaks:
      'The runtime falls back to copying every layer (slow, many times the disk space) or does not start containers at all.',
    symptom:
      'failed to create containerd task: failed to mount rootfs component: no such device; containerd logs: skip loading plugin "io.containerd.snapshotter.v1.overlayfs"',
    askedBy: ['containerd', 'CRI-O', 'the container runtime page of the Kubernetes documentation'],
    notes: [
      'The unit of containerd runs "modprobe overlay" itself and goes on when that fails, so a missing module shows only when the first pod starts.',
    ],
  },
  br_netfilter: {
    why: 'Packets between two pods on one Linux bridge never pass the IP layer. This module hands bridged packets to iptables, so that Service addresses and NetworkPolicy also work between pods of one node; the net.bridge.bridge-nf-call-* sysctls exist only while it is loaded.',
    breaks:
      'A pod cannot reach a Service whose endpoint runs on the same node (replies bypass the address translation), DNS fails for such pods, and the net.bridge sysctls cannot be set.',
    symptom:
      '/proc/sys/net/bridge/bridge-nf-call-iptables does not exist (kubeadm preflight before 1.30); sysctl: cannot stat /proc/sys/net/bridge/bridge-nf-call-iptables: No such file or directory',
    askedBy: [
      'kubeadm before 1.30',
      'kube-proxy (mode iptables) with a bridge CNI',
      'Flannel',
      'the bridge CNI plugin',
    ],
    notes: [
      'A CNI without a Linux bridge (Cilium, Calico with routes) does not need it, and hosts with bridged virtual machines may not want it: it puts their traffic through iptables, too.',
      'Its sysctls appear a moment after the module, and go back to their defaults whenever it is loaded again.',
    ],
  },
  nf_conntrack: {
    why: 'kube-proxy and NetworkPolicy engines follow connections with it; net.netfilter.nf_conntrack_max and its timeouts exist only while it is loaded.',
    breaks:
      'kube-proxy cannot set its connection limits at start, and replies of a Service do not find their way back.',
    symptom:
      'open /proc/sys/net/netfilter/nf_conntrack_max: no such file or directory; nf_conntrack: table full, dropping packet',
    askedBy: ['kube-proxy', 'Calico', 'Flannel'],
    notes: ['It is often loaded as a side effect of a firewall rule, and missing once that rule is gone.'],
  },
  nf_conntrack_ipv4: {
    why: 'Followed IPv4 connections before Linux 4.19; since then nf_conntrack contains it.',
    breaks: 'Nothing on current kernels.',
    symptom: 'modprobe: FATAL: Module nf_conntrack_ipv4 not found in directory /lib/modules/…',
    askedBy: ['outdated guides for the ipvs mode of kube-proxy'],
    notes: ['Declare nf_conntrack in its place.'],
  },
  ip_vs: IPVS,
  ip_vs_rr: IPVS,
  ip_vs_wrr: IPVS,
  ip_vs_sh: IPVS,
  ip_vs_lc: IPVS,
  nf_tables: {
    why: 'The packet filter behind nft, iptables-nft and kube-proxy in nftables mode.',
    breaks: 'No rule can be written: Services, NetworkPolicy and the firewall all fail.',
    symptom: 'Could not process rule: Operation not supported; Failed to initialize nft: Protocol not supported',
    askedBy: ['kube-proxy (mode nftables)', 'iptables-nft', 'nft'],
  },
  ip_tables: {
    why: 'The packet filter behind iptables-legacy.',
    breaks: 'Components that still use iptables-legacy cannot write rules.',
    symptom: "can't initialize iptables table `nat': Table does not exist (do you need to insmod?)",
    askedBy: ['kube-proxy and CNIs with iptables-legacy', 'Istio init containers'],
    notes: ['Current distributions use iptables-nft, which needs nf_tables; some no longer ship this module.'],
  },
  vxlan: TUNNEL('VXLAN', 'UDP 4789 or 8472'),
  geneve: TUNNEL('Geneve', 'UDP 6081'),
  wireguard: {
    why: 'CNIs encrypt pod traffic between nodes with it.',
    breaks: 'Traffic between nodes is not encrypted, or does not flow at all.',
    symptom: 'RTNETLINK answers: Operation not supported, when the wireguard device is created',
    askedBy: ['Cilium and Calico with WireGuard encryption', 'Flannel (backend wireguard)'],
  },
  iscsi_tcp: {
    why: 'Volumes that come over iSCSI are attached with it.',
    breaks: 'Pods with such a volume stay in ContainerCreating.',
    symptom: 'iscsiadm: initiator reported error (12 - iSCSI driver not found)',
    askedBy: ['Longhorn', 'OpenEBS', 'democratic-csi', 'in-tree iSCSI volumes'],
  },
  nbd: {
    why: 'Storage systems map volumes and images as network block devices with it.',
    breaks: 'Volumes of such a storage class cannot be mapped on this node.',
    symptom: 'rbd-nbd: failed to load module; nbd device does not exist',
    askedBy: ['Ceph CSI with rbd-nbd', 'Mayastor'],
  },
  rbd: {
    why: 'Ceph block volumes are mapped by the kernel with it.',
    breaks: 'Pods with an RBD volume stay in ContainerCreating.',
    symptom: 'rbd: failed to load rbd kernel module',
    askedBy: ['Ceph CSI', 'Rook'],
  },
  ceph: {
    why: 'CephFS volumes are mounted by the kernel with it.',
    breaks: 'CephFS volumes cannot be mounted, or only by the slower ceph-fuse.',
    symptom: "mount: unknown filesystem type 'ceph'",
    askedBy: ['Ceph CSI', 'Rook'],
  },
  dm_crypt: {
    why: 'Encrypted volumes are opened with it.',
    breaks: 'Encrypted volumes cannot be attached to pods of this node.',
    symptom: 'Cannot initialize device-mapper. Is dm_mod kernel module loaded?',
    askedBy: ['Longhorn, Ceph CSI and TopoLVM with encryption'],
  },
  nvme_tcp: {
    why: 'Volumes that come as NVMe over TCP are attached with it.',
    breaks: 'Pods with such a volume stay in ContainerCreating.',
    symptom: 'Failed to write to /dev/nvme-fabrics: Invalid argument',
    askedBy: ['Mayastor', 'simplyblock', 'lightbits CSI'],
  },
  fuse: {
    why: 'File systems in user space need it: object storage mounts and fuse-overlayfs.',
    breaks: 'Pods with such a volume cannot mount it.',
    symptom: 'fuse: device not found, try "modprobe fuse" first',
    askedBy: ['CSI drivers for object storage', 'rootless container runtimes'],
  },
  tun: {
    why: 'VPN software in pods and in CNIs opens /dev/net/tun.',
    breaks: 'Such pods fail at start.',
    symptom: 'Cannot open TUN/TAP dev /dev/net/tun: No such device',
    askedBy: ['VPN pods', 'KubeVirt', 'Calico'],
  },
  zram: {
    why: 'Provides swap in compressed memory; Kubernetes does not need it.',
    breaks: 'Only hosts that want compressed swap miss it.',
    symptom: 'zramctl: cannot open /sys/class/zram-control/hot_add',
    askedBy: ['the swap behavior ZramHostOnly', 'zram-generator'],
  },
};

/** Modules with texts of their own, each with why Kubernetes needs it. */
export const TOPICS = Object.entries(MODULES).map(([name, { why }]) => ({ name, why }));

/** What is known about a module by its kernel name. */
export function knowledgeOf(name: string): ModuleKnowledge | undefined {
  return Object.hasOwn(MODULES, name) ? MODULES[name] : undefined;
}

/** A sentence about what breaks on a node without the module, for messages. */
export function breakageWithout(name: string): string {
  const known = knowledgeOf(name);
  return known === undefined ? 'What needs it fails on this node.' : `Without it: ${known.breaks}`;
}

/** The program that most likely unloads a module: firewalld does so when it stops (CleanupModulesOnExit). */
export function rivalOf(name: string): string | undefined {
  const isNetfilter = /^(nf_|nft_|ip_|ip6_|xt_|x_tables|iptable_|br_netfilter)/.test(name);
  return isNetfilter ? 'firewalld (CleanupModulesOnExit) or a script that runs "modprobe -r"' : undefined;
}

/** The modules that the guides for kubeadm and containerd have people check. */
export const GUIDE_MODULES = ['overlay', 'br_netfilter'] as const;
