/** Names of kernel modules that nodes usually have, to recognise a misspelt one where no list of the host is at hand. */
import { closest } from '../yaml/nearest.ts';

const USUAL =
  'overlay br_netfilter bridge bonding 8021q nf_conntrack nf_conntrack_ipv4 nf_conntrack_ipv6 nf_nat nf_tables ' +
  'nf_tables_ipv4 nft_chain_nat nft_ct nft_compat ip_tables ip6_tables ip_set ip_set_hash_ip ip_set_hash_net ' +
  'iptable_nat iptable_filter iptable_mangle iptable_raw ip6table_nat ip6table_filter ip6table_mangle ip6table_raw ' +
  'ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh ip_vs_dh ip_vs_lc ip_vs_wlc ip_vs_nq ip_vs_sed ip_vs_fo ip_vs_ovf ip_vs_mh ' +
  'ip_vs_lblc ip_vs_lblcr ip_vs_twos vxlan geneve wireguard ipip sit tunnel4 tunnel6 ip_gre ip6_gre tun tap veth ' +
  'macvlan ipvlan dummy openvswitch iscsi_tcp libiscsi nvme_tcp nvme_rdma nvme_fabrics nbd rbd ceph libceph nfs nfsd ' +
  'nfsv3 nfsv4 cifs fuse loop zram zstd dm_crypt dm_mod dm_multipath dm_thin_pool dm_snapshot dm_raid dm_verity xfs ext4 ' +
  'btrfs squashfs erofs sctp softdog vfio vfio_pci kvm kvm_intel kvm_amd vhost vhost_net vhost_vsock nvidia ' +
  'sch_fq sch_fq_codel sch_cake tcp_bbr tls cls_bpf act_bpf sch_ingress xt_TPROXY xt_socket xt_CT xt_mark xt_MARK ' +
  'xt_comment xt_conntrack xt_set xt_statistic xt_nat xt_mac xt_multiport xt_addrtype xt_recent xt_bpf rdma_cm rdma_ucm ib_core ' +
  'nvmet_rdma nvmet_tcp md_mod sch_sfq sch_qfq nft_nat nft_socket xt_HMARK arp_tables arptable_filter ebtable_filter ebtable_nat sd_mod sr_mod sch_sfb sch_choke ip_vs_ftp';

const usual: ReadonlySet<string> = new Set(USUAL.split(' '));

/**
 * The module that a name most likely should be; `undefined` when it is one of the names, or close to none. `names` are
 * those that exist, as far as is known.
 */
export function meantModule(name: string, names: ReadonlySet<string> = usual): string | undefined {
  if (names.has(name)) return undefined;
  const best = closest(name.toLowerCase(), names, name.length < 5 ? 1 : name.length < 9 ? 2 : 3);
  // nf_conntrack_ipv4 and nf_conntrack_ipv6 are two modules.
  return best?.replaceAll(/\d/g, '') === name.replaceAll(/\d/g, '') ? undefined : best;
}
