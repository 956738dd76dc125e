/**
 * What a capture copies: everything that NodePrep looks at, so that `plan --root` on the copy says what it said on the
 * host. What an area looks at is declared by the area.
 */
import type { AreaReads } from '../../areas/surroundings.ts';

/** What is copied of every host. */
export const ALWAYS: AreaReads = {
  files: [
    '/etc/os-release',
    '/usr/lib/os-release',
    '/etc/nodeprep',
    '/run/nodeprep/status.json',
    '/run/nodeprep/fights.json',
    '/var/lib/nodeprep/approval.json',
    '/var/lib/nodeprep/ledger.json',
    '/var/lib/nodeprep/spec.json',
  ],
  live: ['/proc/version'],
  commands: {
    'systemd-version.txt': ['systemctl', '--version'],
    'journal.txt': [
      'journalctl',
      '--no-pager',
      '-o',
      'short-iso',
      '-n',
      '300',
      '-u',
      'nodeprep',
      '-u',
      'nodeprep-bootstrap',
    ],
  },
};

/** Below `/proc/sys`: keys, names and identifiers, readings that change with every look, and triggers. */
export const NOT_CAPTURED =
  /^\/proc\/sys\/(?:kernel\/random\/|fs\/binfmt_misc\/)|\/(?:stable_secret|tcp_fastopen_key|hostname|domainname|drop_caches|compact_memory|flush)$/;

const SECRET = /([^\s="]*(?:pass|secret|token|key|credential)[^\s="]*=)[^\s",\\]+/gi;

/** The same in TOML, JSON and YAML: `password = "…"`, `"auth": "…"`. */
const QUOTED_SECRET =
  /^(.*?["']?[\w.-]*(?:pass|secret|token|auth|credential)[\w.-]*["']?\s*[=:]\s*)(?:"[^"\n]*"|'[^'\n]*')/gim;
/** User and password in an address, as of a proxy. */
const USER = /(:\/\/)[^/\s@"']+@/g;

/** Text without the values of options that look like secrets, as mount options, module options and boot parameters have them. */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(SECRET, '$1REDACTED')
    .replaceAll(QUOTED_SECRET, '$1"REDACTED"')
    .replaceAll(USER, '$1REDACTED@');
}
