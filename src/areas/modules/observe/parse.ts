/**
 * Text of the host to values. Every function takes whatever bytes a file may hold: what it does not
 * understand it leaves out, as the readers of these files do, and it never throws.
 */
/** The one form of a module name: the kernel keeps "_" where files and people also write "-". */
export function kernelName(name: string): string {
  return name.replaceAll('-', '_');
}

const MODULE_NAME = /^[A-Za-z0-9_.-]+$/;

/** A module that a modules-load.d file lists. */
export interface ListedModule {
  readonly name: string;
  readonly line: number;
}

/** Parses a file of modules-load.d(5): one module a line, comments begin with "#" or ";". */
export function parseLoadList(text: string): readonly ListedModule[] {
  const listed: ListedModule[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const name = raw.trim();
    if (MODULE_NAME.test(name)) listed.push({ name: kernelName(name), line: index + 1 });
  }
  return listed;
}

/** A directive of modprobe.d(5) that has a say in whether and how a module is loaded. */
export interface ModprobeDirective {
  readonly directive: 'blacklist' | 'install' | 'options' | 'alias';
  readonly module: string;
  /** The install command, the options, or for an alias the pattern it matches. */
  readonly rest: string;
  readonly line: number;
}

/** Parses a file of modprobe.d(5); a backslash at the end of a line continues it. */
export function parseModprobeConfig(text: string): readonly ModprobeDirective[] {
  const directives: ModprobeDirective[] = [];
  let pending = '';
  let start = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    if (pending === '') start = index + 1;
    const piece = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (piece.endsWith('\\')) {
      pending += `${piece.slice(0, -1)} `;
      continue;
    }
    const directive = directiveFrom((pending + piece).trim(), start);
    if (directive !== undefined) directives.push(directive);
    pending = '';
  }
  const last = directiveFrom(pending.trim(), start);
  return last === undefined ? directives : [...directives, last];
}

function directiveFrom(text: string, line: number): ModprobeDirective | undefined {
  // The rest of the line is kept as kmod keeps it: with every space, because a quoted value may hold several in a row.
  const [, word = '', first = '', given = ''] = /^(\S+)(?:[ \t]+(\S+)(?:[ \t]+(.*))?)?$/s.exec(text) ?? [];
  const rest = given.replaceAll('\t', ' ');
  if (word === 'alias') {
    const target = rest.split(' ', 1)[0] ?? '';
    return MODULE_NAME.test(target)
      ? { directive: word, module: kernelName(target), rest: kernelName(first), line }
      : undefined;
  }
  if (word !== 'blacklist' && word !== 'install' && word !== 'options') return undefined;
  return MODULE_NAME.test(first) ? { directive: word, module: kernelName(first), rest, line } : undefined;
}

/** Parses `modules.dep` or `modules.builtin`: the names of the modules that the lines begin with. */
export function parseModulePaths(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const line of text.split('\n')) {
    const path = line.split(':', 1)[0]?.trim() ?? '';
    const file = path.slice(path.lastIndexOf('/') + 1).replace(/\.(gz|xz|zst)$/, '');
    if (file.endsWith('.ko')) names.add(kernelName(file.slice(0, -'.ko'.length)));
  }
  return names;
}

/** Parses `modules.alias`, keeping the aliases that are plain names: `pci:v00008086…` is never declared. */
export function parseAliases(text: string): Map<string, string> {
  const aliases = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [word, alias = '', target = ''] = line.trim().split(/\s+/, 3);
    if (word !== 'alias' || !MODULE_NAME.test(alias) || !MODULE_NAME.test(target)) continue;
    if (!aliases.has(kernelName(alias))) aliases.set(kernelName(alias), kernelName(target));
  }
  return aliases;
}

/** Parses `/proc/modules`: the names of the modules that were loaded. */
export function parseLoadedModules(text: string): ReadonlySet<string> {
  const names = text.split('\n').map((line) => line.split(' ', 1)[0] ?? '');
  return new Set(names.filter((name) => MODULE_NAME.test(name)).map(kernelName));
}

/** Parses `/proc/filesystems`: the names of the file systems that the kernel knows. */
export function parseFilesystems(text: string): ReadonlySet<string> {
  const names = text.split('\n').map((line) => line.trim().split(/\s+/).at(-1) ?? '');
  return new Set(names.filter((name) => name !== ''));
}

/** One `name=value` of the kernel command line; a word without "=" has an empty value. */
export interface BootWord {
  readonly name: string;
  readonly value: string;
}

/** Parses `/proc/cmdline`; double quotes keep words together. */
export function parseCommandLine(text: string): readonly BootWord[] {
  return (text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []).map((word) => {
    const plain = word.replaceAll('"', '');
    const at = plain.indexOf('=');
    return at < 0 ? { name: plain, value: '' } : { name: plain.slice(0, at), value: plain.slice(at + 1) };
  });
}

/** Parses `/sys/kernel/security/lockdown`: the mode in brackets, `undefined` when it is off. */
export function parseLockdown(text: string): string | undefined {
  const mode = /\[(\w+)\]/.exec(text)?.[1];
  return mode === 'none' ? undefined : mode;
}
