/**
 * The two files that belong to NodePrep here: the values for the next reboot, and a udev rule that
 * applies them again when a module or an interface appears after systemd-sysctl has run.
 */
import type { Memory } from '../../area.ts';
import { memoised } from '../../memoised.ts';
import { compareForWriting, interfaceOf, keyPathFrom, trustedName } from '../values/key-path.ts';
import { normalise } from '../values/parse.ts';
import { parseConf } from './parse-conf.ts';
import { providerOf } from '../knowledge/providers.ts';

/** Sorts after `99-sysctl.conf`, the last name that distributions use. */
export const CONF_PATH = '/etc/sysctl.d/99-zz-nodeprep.conf';
/** Udev reads it whenever a device or module appears. */
export const RULES_PATH = '/etc/udev/rules.d/99-zz-nodeprep.rules';

const MARK = '# Managed by NodePrep.';
const CONF_HEADER = `${MARK} Changes made here are overwritten.
# Declare kernel parameters in /etc/nodeprep/nodeprep.yaml instead; "nodeprep explain NAME" says
# which file wins. Other files of sysctl.d are never changed by NodePrep.
`;
const RULES_HEADER = `${MARK} Changes made here are overwritten.
# Applies the kernel parameters of ${CONF_PATH} again when their module
# is loaded, or their interface appears, after the boot has set kernel parameters.
`;

/** Ledger key of a file. */
export function fileKey(path: string): string {
  return `file:${path}`;
}

/** Ledger key of a live value. */
export function liveKey(name: string): string {
  return `live:${name}`;
}

/** Names of the live values in the ledger. */
export function rememberedNames(memory: Memory): readonly string[] {
  return [...memory.keys()].filter((key) => key.startsWith('live:')).map((key) => key.slice('live:'.length));
}

/** Whether contents are ours: by the header, or because the ledger knows that something else was there before. */
export function isOurs(path: string, bytes: string | undefined, memory: Memory): boolean {
  if (bytes === undefined || hasMark(bytes)) return bytes !== undefined;
  const original = memory.get(fileKey(path))?.original;
  // The ledger is written first: contents equal to the recorded original are still foreign.
  return original !== undefined && !(original.state === 'value' && original.value === bytes);
}

/** Whether a file carries our header. */
export function hasMark(bytes: string): boolean {
  return bytes.startsWith(MARK);
}

/** Values of our own file by canonical name. */
export function parseOwnConf(bytes: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { keyPath, value } of parseConf(bytes, 'systemd').assignments) {
    const name = trustedName(keyPath);
    if (name !== undefined && value !== undefined) values.set(name, value);
  }
  return values;
}

/** Our file with the given values, as bytes; `undefined` when it would be empty. */
export function renderConf(values: ReadonlyMap<string, string>): string | undefined {
  if (values.size === 0) return undefined;
  const lines = [...values]
    .toSorted(([a], [b]) => compareForWriting(a, b))
    .map(([name, value]) => `${name} = ${normalise(value)}`);
  return Buffer.from(`${CONF_HEADER}\n${lines.join('\n')}\n`, 'utf8').toString('latin1');
}

/** The udev rules for persisted names, as bytes; `undefined` when none of them can appear late. */
export function renderRules(names: Iterable<string>, program: string): string | undefined {
  const prefixes = new Map<string, Set<string>>();
  for (const name of names) {
    const keyPath = keyPathFrom(name);
    const found = lateKey(keyPath);
    if (found === undefined) continue;
    const known = prefixes.get(found.match) ?? new Set();
    prefixes.set(found.match, known.add(found.prefix));
  }
  if (prefixes.size === 0) return undefined;
  const rules = [...prefixes]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([match, set]) => {
      const options = [...set].toSorted().map((prefix) => `--prefix=/${prefix}`);
      return `ACTION=="add", ${match}, RUN+="${program} ${options.join(' ')}"`;
    });
  return `${RULES_HEADER}\n${rules.join('\n')}\n`;
}

/** Whether one of the names can appear late, so that it needs a rule. */
export function hasLateKey(names: readonly string[]): boolean {
  return names.some((name) => lateKey(keyPathFrom(name)) !== undefined);
}

interface LateKey {
  readonly match: string;
  readonly prefix: string;
}

/** The udev match and the systemd-sysctl prefix for a key that can appear late. */
const lateKey = memoised((keyPath: string): LateKey | undefined => {
  if (interfaceOf(keyPath) !== undefined) {
    // $name and not the name itself: udev may rename the interface, and only RUN sees the new name.
    const family = keyPath.split('/').slice(0, 3).join('/');
    return { match: 'SUBSYSTEM=="net", KERNEL!="lo"', prefix: `${family}/$name` };
  }
  const provider = providerOf(keyPath);
  if (provider === undefined) return undefined;
  const parts = keyPath.split('/');
  // The folder of the key, unless that is as wide as /net.
  const prefix = parts.length > 2 ? parts.slice(0, -1).join('/') : keyPath;
  return { match: `SUBSYSTEM=="module", KERNEL=="${provider}"`, prefix };
});
