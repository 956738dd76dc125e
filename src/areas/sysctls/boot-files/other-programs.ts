/**
 * What else sets kernel parameters at boot, after sysctl.d: ufw, tuned and systemd-networkd. Only
 * what is enabled is read, and only literal values.
 */
import { HostFileError } from '../../../host/errors.ts';
import type { HostReader } from '../../../host/host.ts';
import { keyPathFrom } from '../values/key-path.ts';
import { isGlob, matchesGlob } from '../../glob.ts';
import { parseConf } from './parse-conf.ts';
import type { ChainProblem } from './sysctl-d.ts';

/** A value that a program other than the readers of sysctl.d sets at boot. */
export interface LaterRule {
  readonly file: string;
  readonly line: number;
  readonly keyPath: string;
  readonly value: string;
  /** The program, as an administrator knows it. */
  readonly by: string;
}

/** What other programs set at boot, last one last, and the files of theirs that could not be read. */
export interface Later {
  readonly rules: readonly LaterRule[];
  readonly problems: readonly ChainProblem[];
}

/** The part of a host that is read here. */
type Files = Pick<HostReader, 'readFile' | 'parsed' | 'listDirectory' | 'stat' | 'readLink'>;

/** What is taken from the files of one program. */
const MOST_RULES = 10_000;
const MOST_FILES = 1000;
/** A section that matches more names than this means patterns. */
const MOST_NAMES = 16;

/** Reads what the programs that are enabled here will set. */
export async function observeLater(host: HostReader): Promise<Later> {
  const problems: ChainProblem[] = [];
  const note = (error: unknown): undefined => {
    if (!(error instanceof HostFileError)) throw error;
    problems.push({ file: error.path, problem: error.message });
  };
  const files: Files = {
    readFile: (path, encoding) => host.readFile(path, encoding).catch(note),
    parsed: (path, parse, encoding) => host.parsed(path, parse, encoding).catch(note),
    listDirectory: (path) => host.listDirectory(path).catch(note),
    stat: (path) => host.stat(path),
    readLink: (path) => host.readLink(path),
  };
  return {
    rules: [...(await ufwRules(files)), ...(await networkdRules(files)), ...(await tunedRules(files))],
    problems,
  };
}

/** The last of these values for a key. */
export function laterRule(rules: readonly LaterRule[], keyPath: string): LaterRule | undefined {
  return rules.findLast(
    (rule) => rule.keyPath === keyPath || (isGlob(rule.keyPath) && matchesGlob(rule.keyPath, keyPath)),
  );
}

const UFW_DEFAULTS = '/etc/default/ufw';

async function ufwRules(host: Files): Promise<readonly LaterRule[]> {
  if (!/^\s*ENABLED\s*=\s*"?yes/im.test((await read(host, '/etc/ufw/ufw.conf')) ?? '')) return [];
  const setting = /^\s*IPT_SYSCTL\s*=\s*["']?([^"'#\s]*)/m.exec((await read(host, UFW_DEFAULTS)) ?? '');
  const file = setting?.[1] ?? '/etc/ufw/sysctl.conf';
  if (!file.startsWith('/')) return [];
  return (await host.parsed(file, parseUfw, 'bytes')) ?? [];
}

function parseUfw(text: string, file: string): readonly LaterRule[] {
  return parseConf(text, 'procps').assignments.flatMap(({ keyPath, value, line }) =>
    value === undefined ? [] : [{ file, line, keyPath, value, by: 'ufw' }],
  );
}

const TUNED = ['/etc/tuned/profiles', '/etc/tuned', '/usr/lib/tuned/profiles', '/usr/lib/tuned'] as const;
const MOST_PROFILES = 16;

/** Without `reapply_sysctl = 0` tuned applies sysctl.d once more after its own values, so those win. */
async function tunedRules(host: Files): Promise<readonly LaterRule[]> {
  if (!(await isEnabled(host, 'tuned.service'))) return [];
  const main = (await read(host, '/etc/tuned/tuned-main.conf')) ?? '';
  if (!/^\s*reapply_sysctl\s*=\s*(?:0|false|no|off)\s*$/im.test(main)) return [];
  const active = ((await read(host, '/etc/tuned/active_profile')) ?? '').split(/\s+/).filter((name) => name !== '');
  const rules: LaterRule[] = [];
  const seen = new Set<string>();
  const add = async (name: string): Promise<void> => {
    if (!/^[\w.-]+$/.test(name) || seen.has(name) || seen.size >= MOST_PROFILES) return;
    seen.add(name);
    const profile = await tunedProfile(host, name);
    if (profile === undefined) return;
    const { lines } = profile;
    for (const parent of lines.filter(({ section, key }) => section === 'main' && key === 'include')) {
      for (const one of parent.value.split(/[\s,;]+/)) await add(one);
    }
    for (const { section, key, value, line } of lines) {
      // Only tuned can resolve a value with a variable or a function; "<" and ">" are limits of its own.
      if (section !== 'sysctl' || /[$<>]/.test(value)) continue;
      const plain = value.replace(/^"(.*)"$/, '$1');
      rules.push({
        file: profile.file,
        line,
        keyPath: keyPathFrom(key),
        value: plain,
        by: `tuned (profile "${name}")`,
      });
    }
  };
  for (const name of active) await add(name);
  return rules;
}

async function tunedProfile(host: Files, name: string): Promise<{ file: string; lines: readonly Line[] } | undefined> {
  for (const directory of TUNED) {
    const file = `${directory}/${name}/tuned.conf`;
    const lines = await host.parsed(file, sectionsOf, 'bytes');
    if (lines !== undefined) return { file, lines };
  }
  return undefined;
}

const NETWORKD = ['/etc/systemd', '/run/systemd', '/usr/local/lib/systemd', '/usr/lib/systemd'] as const;
const SWITCHES: ReadonlyMap<string, string> = new Map([
  ...['yes', 'y', 'true', 't', 'on', '1'].map((word) => [word, '1'] as const),
  ...['no', 'n', 'false', 'f', 'off', '0'].map((word) => [word, '0'] as const),
]);

async function networkdRules(host: Files): Promise<readonly LaterRule[]> {
  if (!(await isEnabled(host, 'systemd-networkd.service'))) return [];
  const rules: LaterRule[] = [];
  const files = await configFiles(
    host,
    NETWORKD.map((directory) => `${directory}/network`),
    '.network',
  );
  for (const file of files) {
    if (rules.length < MOST_RULES) rules.push(...((await host.parsed(file, networkRules, 'bytes')) ?? []));
  }
  const main = NETWORKD.map((directory) => `${directory}/networkd.conf`);
  const dropIns = await configFiles(
    host,
    main.map((file) => `${file}.d`),
    '.conf',
  );
  for (const file of [...main.toReversed(), ...dropIns]) {
    for (const { section, key, value, line } of (await host.parsed(file, sectionsOf, 'bytes')) ?? []) {
      const family = /^IPv([46])Forwarding$/.exec(key)?.[1];
      const number = SWITCHES.get(value.toLowerCase());
      if (section !== 'Network' || family === undefined || number === undefined) continue;
      rules.push(...forwarding(family, 'all', number).map((rule) => ({ ...rule, file, line, by: 'systemd-networkd' })));
    }
  }
  return rules;
}

/** A link with IPForward= switches the whole node on, and never off; the newer settings are of the link alone. */
function networkRules(text: string, file: string): readonly LaterRule[] {
  const lines = sectionsOf(text);
  const names = lines
    .filter(({ section, key }) => section === 'Match' && key === 'Name')
    .flatMap(({ value }) => value.split(/\s+/, MOST_NAMES))
    .slice(0, MOST_NAMES);
  return lines.flatMap(({ section, key, value, line }): readonly LaterRule[] => {
    if (section !== 'Network') return [];
    const word = value.toLowerCase();
    const found = { file, line, by: 'systemd-networkd' };
    if (key === 'IPForward') {
      const families = word === 'ipv4' ? ['4'] : word === 'ipv6' ? ['6'] : SWITCHES.get(word) === '1' ? ['4', '6'] : [];
      return families.flatMap((family) => forwarding(family, 'all', '1').map((rule) => ({ ...rule, ...found })));
    }
    const family = /^IPv([46])Forwarding$/.exec(key)?.[1];
    const number = SWITCHES.get(word);
    if (family === undefined || number === undefined) return [];
    return names
      .filter((name) => !name.startsWith('!'))
      .flatMap((name) => forwarding(family, name, number).map((rule) => ({ ...rule, ...found })));
  });
}

function forwarding(family: string, link: string, value: string): { keyPath: string; value: string }[] {
  const own = { keyPath: `net/ipv${family}/conf/${link}/forwarding`, value };
  return family === '4' && link === 'all' ? [own, { keyPath: 'net/ipv4/ip_forward', value }] : [own];
}

/** The files of several directories by name, where the first directory masks the others, and their drop-ins. */
async function configFiles(host: Files, directories: readonly string[], ending: string): Promise<readonly string[]> {
  const byName = new Map<string, string>();
  for (const directory of directories) {
    for (const name of (await host.listDirectory(directory)) ?? []) {
      if (name.endsWith(ending) && !byName.has(name)) byName.set(name, `${directory}/${name}`);
      if (!name.endsWith(`${ending}.d`)) continue;
      for (const part of (await host.listDirectory(`${directory}/${name}`)) ?? []) {
        if (part.endsWith('.conf')) byName.set(`${name}/${part}`, `${directory}/${name}/${part}`);
      }
    }
  }
  return [...byName]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, MOST_FILES)
    .map(([, path]) => path);
}

interface Line {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

function sectionsOf(text: string): readonly Line[] {
  let section = '';
  return text.split('\n').flatMap((raw, at): readonly Line[] => {
    const line = raw.trim();
    const head = /^\[([^\]]*)\]$/.exec(line);
    if (head !== null) section = head[1] ?? '';
    const equals = line.indexOf('=');
    if (head !== null || equals <= 0 || /^[#;]/.test(line)) return [];
    return [{ section, key: line.slice(0, equals).trim(), value: line.slice(equals + 1).trim(), line: at + 1 }];
  });
}

const WANTS = ['multi-user', 'network-online', 'network', 'sysinit', 'basic'] as const;

/** Whether a link of systemd starts the unit at boot. */
async function isEnabled(host: Files, unit: string): Promise<boolean> {
  for (const target of WANTS) {
    const link = `/etc/systemd/system/${target}.target.wants/${unit}`;
    if ((await host.stat(link)) !== undefined)
      return (await host.readLink(`/etc/systemd/system/${unit}`)) !== '/dev/null';
  }
  return false;
}

const read = (host: Files, path: string) => host.readFile(path, 'bytes');
