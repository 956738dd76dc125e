/** The links and files of ours that keep a unit from starting. */

/** Where the administrator's units are, and our masks. */
export const SYSTEM_UNITS = '/etc/systemd/system';
/** What a masked unit is a link to (systemctl(1), mask). */
export const MASK_TARGET = '/dev/null';

/** Where the mask of a unit is, or the administrator's own definition of it. */
export function unitPath(unit: string): string {
  return `${SYSTEM_UNITS}/${unit}`;
}

/**
 * The drop-in for a unit that the administrator wrote into /etc/systemd/system. A mask would
 * have to replace that file; a condition that is never met does the same and leaves it alone: the unit
 * counts as started but does nothing, and what requires it does not fail (systemd.unit(5)). Tried
 * with systemd 252. It sorts after every numbered drop-in that could reset conditions.
 */
export function dropInPath(unit: string): string {
  return `${SYSTEM_UNITS}/${unit}.d/nodeprep.conf`;
}

const OWNER_LINE = '# Owned by NodePrep, which overwrites edits of this file.';

/** Whether a drop-in below our name carries the line that says it is ours. */
export function isOwnDropIn(contents: string | undefined): boolean {
  return contents?.startsWith(OWNER_LINE) ?? false;
}

/** The drop-in of a unit that must do nothing: a condition that is never met. */
export const DROP_IN = `${OWNER_LINE}
# Declare swap in /etc/nodeprep/nodeprep.yaml, under spec.swap.
[Unit]
ConditionPathExists=!/
`;

/** Key of the ledger for our mask of a unit. */
export function maskKey(unit: string): string {
  return `unit:${unit}`;
}

/** Key of the ledger for our drop-in of a unit. */
export function dropInKey(unit: string): string {
  return `drop-in:${unit}`;
}

/** Key of the ledger for a device that we turned off; the original is its line of `/proc/swaps`. */
export function deviceKey(path: string): string {
  return `device:${path}`;
}

/** Key of the ledger for a service that we stopped. */
export function serviceKey(unit: string): string {
  return `service:${unit}`;
}

/** Key of the ledger for fstab as it was. */
export const FSTAB_KEY = 'file:/etc/fstab';
/** Key of the ledger from the removal of our first mask until systemd has noticed. */
export const RELOAD_KEY = 'reload';
