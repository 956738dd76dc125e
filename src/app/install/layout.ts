/** Where an installed NodePrep is; semantics of each path in docs/install.md. */

/** One directory per installed build, `current` and `previous` link to two of them. */
export const PROGRAM_DIRECTORY = '/usr/local/lib/nodeprep';
/** The build that runs. */
export const CURRENT = `${PROGRAM_DIRECTORY}/current`;
/** The build before, to go back to. */
export const PREVIOUS = `${PROGRAM_DIRECTORY}/previous`;
/** What people and units start. */
export const PROGRAM = '/usr/local/bin/nodeprep';

const SYSTEM_UNITS = '/etc/systemd/system';

/** The unit before the kubelet, and the daemon, in the order in which they start. */
export const UNITS = ['nodeprep-bootstrap.service', 'nodeprep.service'] as const;

/** Makes the kubelet wait for the host; written before there is a kubelet, because it comes later. */
export const KUBELET_DROP_IN = 'kubelet.service.d/10-nodeprep.conf';

/** Where a file of manifests/systemd is put. */
export function unitPath(name: string): string {
  return `${SYSTEM_UNITS}/${name}`;
}

/** The link that `systemctl enable` makes for a unit. */
export function wantsLink(unit: string): string {
  return `${SYSTEM_UNITS}/multi-user.target.wants/${unit}`;
}
