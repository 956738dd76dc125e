/** What decides about kernel parameters on a host. */
import type { AreaReads } from '../surroundings.ts';
import { RULES_PATH } from './boot-files/own-files.ts';
import { SYSCTL_CONF } from './boot-files/sysctl-d.ts';

/** What the area reads. */
export const SYSCTL_READS: AreaReads = {
  files: [
    ...['/etc', '/run', '/usr/local/lib', '/usr/lib'].map((parent) => `${parent}/sysctl.d`),
    SYSCTL_CONF,
    RULES_PATH,
    '/usr/lib/udev/rules.d/99-systemd.rules',
    '/etc/default/ufw',
    '/etc/ufw/ufw.conf',
    '/etc/ufw/sysctl.conf',
    ...['/etc/systemd', '/run/systemd', '/usr/local/lib/systemd', '/usr/lib/systemd'].flatMap((parent) => [
      `${parent}/networkd.conf`,
      `${parent}/networkd.conf.d`,
      `${parent}/network/*.network`,
      `${parent}/network/*.network.d`,
    ]),
    '/etc/tuned',
    '/usr/lib/tuned',
    // Whether these programs start.
    '/etc/systemd/system/*.target.wants',
    ...['ufw', 'tuned', 'systemd-networkd'].map((name) => `/etc/systemd/system/${name}.service`),
  ],
  programs: ['/usr/lib/systemd/systemd-sysctl'],
  live: ['/proc/sys', '/proc/meminfo'],
};
