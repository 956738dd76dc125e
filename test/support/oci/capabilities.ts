/** Those that containerd gives every container; the manifest drops them all first. */
const DEFAULT = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP'],
  ...['NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'],
];

/** The capabilities of a container, by their kernel names. */
export function capabilitiesFrom(
  wanted: { readonly add?: readonly string[]; readonly drop?: readonly string[] } = {},
): readonly string[] {
  const { add = [], drop = [] } = wanted;
  const kept = drop.includes('ALL') ? [] : DEFAULT.filter((name) => !drop.includes(name));
  return [...new Set([...kept, ...add])].map((name) => `CAP_${name}`);
}
