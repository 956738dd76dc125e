/** Which kernel module brings a parameter into being. Module names use "_". */
import { memoised } from '../../memoised.ts';

const PROVIDERS: readonly (readonly [RegExp, string])[] = [
  [/^net\/bridge\//, 'br_netfilter'],
  [/^net\/(?:nf_conntrack_max$|netfilter\/nf_(?:conntrack|flowtable)_|ipv4\/netfilter\/ip_conntrack_)/, 'nf_conntrack'],
  [/^net\/ipv4\/vs\//, 'ip_vs'],
  [/^net\/mpls\//, 'mpls_router'],
  [/^net\/sctp\//, 'sctp'],
  [/^net\/smc\//, 'smc'],
  [/^net\/rds\//, 'rds'],
  [/^net\/tipc\//, 'tipc'],
  [/^net\/vrf\//, 'vrf'],
  [/^sunrpc\//, 'sunrpc'],
  [/^fs\/nfs\/nlm_/, 'lockd'],
  [/^fs\/nfs\//, 'nfs'],
  [/^fs\/xfs\//, 'xfs'],
  [/^dev\/raid\//, 'md_mod'],
  [/^dev\/cdrom\//, 'cdrom'],
];

/** The module whose loading creates the key; `undefined` when none is known. */
export const providerOf = memoised(
  (keyPath: string): string | undefined => PROVIDERS.find(([pattern]) => pattern.test(keyPath))?.[1],
);
