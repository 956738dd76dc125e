/** The commands that only read. A new one is added here, after a look at its manual: nothing checks at run time what it does. */

/** A command that changes nothing, whatever its arguments are. */
export type Query =
  | readonly ['journalctl', '--no-pager', '-o', 'short-iso', '-n', string, '-u', string, '-u', string]
  | readonly ['lsblk', ...string[]]
  | readonly ['modprobe', '-n', string]
  | readonly ['systemctl', 'list-units' | 'list-unit-files' | 'show' | '--version', ...string[]]
  | readonly ['timedatectl', 'show', ...string[]];
