/** Network parameters that matter on a Kubernetes node. The first match counts. */
import type { Knowledge } from './knowledge-entry.ts';

const FORWARDING_RIVAL = 'the CNI plugin, a firewall script, tuned or systemd-networkd';

/** Texts about network parameters. */
export const NETWORK_KNOWLEDGE: readonly Knowledge[] = [
  {
    keys: /^net\/ipv4\/ip_forward$|^net\/ipv4\/conf\/all\/forwarding$/,
    names: ['net.ipv4.ip_forward', 'net.ipv4.conf.all.forwarding'],
    why: 'A node routes: packets of a pod enter by a virtual interface and leave by another one. Without forwarding the kernel drops every packet that is not for the host itself.',
    breaks:
      'Pods reach nothing outside of their node, Services with endpoints on other nodes time out, and kubeadm refuses to start or join.',
    symptom:
      '[ERROR FileContent--proc-sys-net-ipv4-ip_forward]: /proc/sys/net/ipv4/ip_forward contents are not set to 1',
    askedBy: ['kubeadm preflight', 'every CNI plugin', 'kube-proxy'],
    notes: [
      'net.ipv4.ip_forward and net.ipv4.conf.all.forwarding are one switch. A change of it resets forwarding of every interface, so NodePrep never writes it when it is right already and never switches it back on removal.',
    ],
    rival: FORWARDING_RIVAL,
  },
  {
    keys: /^net\/ipv6\/conf\/[^/]+\/forwarding$/,
    names: ['net.ipv6.conf.all.forwarding', 'net.ipv6.conf.default.forwarding'],
    why: 'On a node with IPv6 or dual-stack pods the node routes IPv6 as well. The value of "all" is copied to every interface.',
    breaks: 'IPv6 pods are cut off from other nodes; kubeadm refuses an IPv6 or dual-stack configuration.',
    symptom:
      '[ERROR FileContent--proc-sys-net-ipv6-conf-default-forwarding]: /proc/sys/net/ipv6/conf/default/forwarding contents are not set to 1',
    askedBy: ['kubeadm preflight (IPv6, dual-stack)', 'CNI plugins with IPv6'],
    notes: [
      'With forwarding on, an interface ignores router advertisements unless its accept_ra is 2: a host that gets its IPv6 default route that way loses it.',
    ],
    rival: FORWARDING_RIVAL,
  },
  {
    keys: /^net\/ipv4\/conf\/[^/]+\/(?:mc_)?forwarding$/,
    names: ['net.ipv4.conf.default.forwarding'],
    why: 'Decides whether packets that come in by this interface are routed. Interfaces of pods inherit the value of "default".',
    breaks: 'Traffic of the pods behind this interface is dropped silently.',
    symptom: 'Connections of pods time out, while the node itself has network.',
    askedBy: ['CNI plugins'],
    rival: FORWARDING_RIVAL,
  },
  {
    keys: /^net\/bridge\/bridge-nf-call-(?:ip6?|arp)tables$/,
    names: [
      'net.bridge.bridge-nf-call-iptables',
      'net.bridge.bridge-nf-call-ip6tables',
      'net.bridge.bridge-nf-call-arptables',
    ],
    why: 'Lets packets between ports of one Linux bridge pass through iptables, where kube-proxy turns the address of a Service into that of a pod. Needed when pods of a node share a bridge.',
    breaks:
      'A pod reaches a Service only while the chosen endpoint is on another node: answers of a neighbour on the same bridge skip the translation back, so connections hang now and then. Network policies in iptables are skipped on the bridge.',
    symptom:
      '[ERROR FileContent--proc-sys-net-bridge-bridge-nf-call-iptables]: /proc/sys/net/bridge/bridge-nf-call-iptables does not exist (or: contents are not set to 1)',
    askedBy: [
      'kubeadm preflight of older releases (dropped by kubernetes#123464)',
      'flannel',
      'kube-proxy with bridge CNI plugins',
      'Docker',
    ],
    notes: [
      'The parameter exists only while the module br_netfilter is loaded.',
      'Routing CNI plugins (Cilium, Calico without a bridge) do not need it, and hosts that bridge virtual machines often want 0: declare it only when your CNI asks.',
    ],
    rival: 'Docker, k3s, kube-router or libvirt',
  },
  {
    keys: /^net\/bridge\//,
    names: ['net.bridge.bridge-nf-filter-vlan-tagged'],
    why: 'Tunes what the module br_netfilter passes to the firewall. Kubernetes itself only asks for bridge-nf-call-iptables and bridge-nf-call-ip6tables.',
    breaks: 'Packets between ports of a bridge meet other firewall rules than expected.',
    symptom: 'Rules for pods on one bridge seem to be ignored, or to hit virtual machines as well.',
    askedBy: [],
    rival: 'Docker, k3s or libvirt',
  },
  {
    keys: /^net\/(?:netfilter\/)?nf_conntrack_(?:max|buckets|expect_max)$/,
    names: [
      'net.netfilter.nf_conntrack_max',
      'net.netfilter.nf_conntrack_buckets',
      'net.netfilter.nf_conntrack_expect_max',
    ],
    why: 'Size of the connection table. Every connection through a Service takes an entry, so nodes need far more than an ordinary server.',
    breaks: 'When the table is full the kernel drops new connections of all pods and of the host.',
    symptom: 'nf_conntrack: nf_conntrack: table full, dropping packet',
    askedBy: ['kube-proxy (--conntrack-max-per-core, --conntrack-min)', 'Cilium and Calico documentation'],
    notes: [
      'kube-proxy raises it at its start, and only then. Declare it with match: AtLeast, so that NodePrep and kube-proxy never lower what the other has raised.',
      'The kernel rounds nf_conntrack_buckets to what fits its pages.',
    ],
    rival: 'kube-proxy',
  },
  {
    keys: /^net\/netfilter\/nf_conntrack_/,
    names: ['net.netfilter.nf_conntrack_tcp_timeout_established', 'net.netfilter.nf_conntrack_tcp_timeout_close_wait'],
    why: 'Decides how long, or how strictly, the kernel keeps track of a connection. kube-proxy sets the TCP timeouts and, when asked, be_liberal.',
    breaks: 'Idle connections through a Service are forgotten too early, or dead ones fill the table.',
    symptom: 'Connection reset by peer on long idle connections, or: nf_conntrack: table full, dropping packet',
    askedBy: ['kube-proxy (--conntrack-tcp-timeout-established, --conntrack-tcp-timeout-close-wait)'],
    rival: 'kube-proxy',
  },
  {
    keys: /^net\/ipv4\/conf\/[^/]+\/rp_filter$/,
    names: ['net.ipv4.conf.all.rp_filter', 'net.ipv4.conf.default.rp_filter'],
    why: 'The reverse path filter drops packets whose answer would leave by another interface. Pod networks are often asymmetric on purpose, and what a CNI plugin needs differs: Cilium 0 on its interfaces, Calico 0 or 1 on "all", AWS VPC CNI 2 (loose) on the primary interface.',
    breaks:
      'With 1 (strict) traffic that comes in by another interface than its answer leaves is dropped; with 2 (loose) on "all" Calico refuses to start.',
    symptom:
      "Kernel's RPF check is set to 'loose' (Felix); or silence: packets arrive (tcpdump) and no program sees them",
    askedBy: ['Cilium', 'Calico', 'multi-homed nodes', 'AWS VPC CNI'],
    notes: [
      'The kernel takes the larger of "all" and the interface, so 0 on an interface does nothing while "all" is 1.',
      'systemd ships a pattern that sets 2 on new interfaces, also on those of pods; a CNI plugin that wants 0 needs a file that sorts after it.',
    ],
    rival: 'the CNI plugin (Cilium, Calico), systemd-networkd or a rule of udev',
  },
  {
    keys: /^net\/ipv4\/ip_local_reserved_ports$/,
    names: ['net.ipv4.ip_local_reserved_ports'],
    why: 'Ports that the kernel never hands out as a source port: those of the kubelet and of NodePorts when they lie inside ip_local_port_range.',
    breaks: 'A short-lived client connection may hold 10250 or a NodePort just when its service starts.',
    symptom: 'listen tcp 0.0.0.0:10250: bind: address already in use, now and then after a restart',
    askedBy: ['cloud images', 'ingress controllers on the host network'],
    notes: ['It is a list of ranges: declare it with match: Contains, and reservations of others stay.'],
    rival: 'cloud-init or the image of the provider',
  },
  {
    keys: /^net\/ipv4\/ip_local_port_range$/,
    names: ['net.ipv4.ip_local_port_range'],
    why: 'Source ports for outgoing connections. The default begins at 32768 and overlaps with the NodePort range 30000-32767 only if it was widened.',
    breaks:
      'A range that is too small runs out on nodes with many connections; one below 32768 collides with NodePorts.',
    symptom: 'cannot assign requested address',
    askedBy: ['load generators', 'ingress controllers'],
  },
  {
    keys: /^net\/(?:core\/somaxconn|ipv4\/tcp_max_syn_backlog|core\/netdev_max_backlog)$/,
    names: ['net.core.somaxconn', 'net.core.netdev_max_backlog', 'net.ipv4.tcp_max_syn_backlog'],
    why: 'Upper limits of queues for new connections and packets. Pods have their own somaxconn in their own network namespace.',
    breaks: 'Bursts of connections to programs on the host network are dropped.',
    symptom: 'TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies.',
    askedBy: ['ingress controllers on the host network'],
  },
  {
    keys: /^net\/ipv4\/neigh\/default\/gc_thresh[123]$|^net\/ipv6\/neigh\/default\/gc_thresh[123]$/,
    names: [
      'net.ipv4.neigh.default.gc_thresh1',
      'net.ipv4.neigh.default.gc_thresh2',
      'net.ipv4.neigh.default.gc_thresh3',
      'net.ipv6.neigh.default.gc_thresh1',
      'net.ipv6.neigh.default.gc_thresh2',
      'net.ipv6.neigh.default.gc_thresh3',
    ],
    why: 'Size of the neighbour (ARP) table, shared by the host and all pods. The default of 1024 is small for a large flat pod network.',
    breaks: 'Nodes cannot learn new neighbours: connections to some pods or nodes fail while others work.',
    symptom: 'neighbour: arp_cache: neighbor table overflow!',
    askedBy: ['large clusters', 'kops', 'Azure and AWS node images'],
  },
];
