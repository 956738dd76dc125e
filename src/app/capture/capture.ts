/** Copies what NodePrep looks at on a host, for a bug report or a test. Reads only; what is secret or never the same is left out. */
import type { AreaReads, Surroundings } from '../../areas/surroundings.ts';
import { CommandError, HostFileError } from '../../host/errors.ts';
import type { HostReader } from '../../host/host.ts';
import type { Query } from '../../host/query.ts';
import type { TreeEntry } from '../../host/linux/files/write-tree.ts';
import { BUILD, VERSION } from '../version.ts';
import { ALWAYS, NOT_CAPTURED, withoutSecrets } from './sources.ts';

/** Kernel images, databases and logs are no configuration. */
const LARGEST_FILE = 300 * 1024;
/** A folder that a program filled with a million files must not fill the disk with a copy. */
const MOST_ENTRIES = 20_000;

/** The files of a capture, below `root/`, `commands/` and as `README.md`. */
export async function* capture(
  host: HostReader,
  areas: readonly Pick<Surroundings, 'reads'>[],
  now: Date,
): AsyncGenerator<TreeEntry> {
  const reads = [ALWAYS, ...areas.map((area) => area.reads)];
  const all = (kind: Exclude<keyof AreaReads, 'commands'>) => new Set(reads.flatMap((one) => one[kind] ?? []));
  const seen = new Set<string>();
  for (const path of all('files')) {
    for (const one of await matching(host, path)) yield* persistent(host, one, seen);
  }
  for (const path of all('programs')) {
    const real = await located(host, path);
    if (real !== undefined && (await statOf(host, real)) !== undefined) yield { path: `root${real}`, contents: '' };
  }
  if (host.kernel !== 'absent') {
    yield* kernelModules(host, seen);
    for (const path of all('live')) yield* live(host, path, seen);
  }
  for (const [name, command] of reads.flatMap(({ commands = {} }) => Object.entries(commands))) {
    const contents = withoutSecrets(await said(host, command));
    if (contents !== '') yield { path: `commands/${name}`, contents };
  }
  yield { path: 'README.md', contents: await readme(host, now) };
}

/** The paths that a name with a "*" in its last part stands for. */
async function matching(host: HostReader, path: string): Promise<readonly string[]> {
  if (!path.includes('*')) return [path];
  const directory = path.slice(0, path.lastIndexOf('/'));
  const parts = path
    .slice(directory.length + 1)
    .split('*')
    .map((part) => part.replaceAll(/[.+]/g, String.raw`\$&`));
  const pattern = new RegExp(`^${parts.join('.*')}$`);
  return (await namesIn(host, directory)).filter((name) => pattern.test(name)).map((name) => `${directory}/${name}`);
}

/** A file, a link or all of a folder, under the name that it really has: /lib is a link to /usr/lib on most systems. */
async function* persistent(host: HostReader, path: string, seen: Set<string>): AsyncGenerator<TreeEntry> {
  const real = await located(host, path);
  if (real === undefined || seen.has(real) || seen.size >= MOST_ENTRIES) return;
  const stat = await statOf(host, real);
  if (stat === undefined) return;
  seen.add(real);
  if (stat.type === 'directory') {
    for (const name of await namesIn(host, real)) yield* persistent(host, `${real}/${name}`, seen);
  } else if (stat.type === 'link') {
    const target = await host.readLink(real);
    if (target !== undefined) yield { path: `root${real}`, target };
  } else if (stat.type === 'file') {
    const contents = stat.size > LARGEST_FILE ? '' : await contentsOf(host, real);
    if (contents !== undefined) yield { path: `root${real}`, contents: withoutSecrets(contents) };
  }
}

async function* kernelModules(host: HostReader, seen: Set<string>): AsyncGenerator<TreeEntry> {
  const link = await host.readLink('/lib').catch(() => undefined);
  if (link !== undefined) yield { path: 'root/lib', target: link };
  const release = (await contentsOf(host, '/proc/sys/kernel/osrelease'))?.trim();
  for (const name of ['modules.builtin', 'modules.dep', 'modules.softdep', 'modules.alias']) {
    const path = `/lib/modules/${release}/${name}`;
    const real = await located(host, path);
    const contents = real === undefined ? undefined : await contentsOf(host, real);
    if (contents !== undefined) yield { path: `root${real}`, contents };
  }
  for (const module of await namesIn(host, '/sys/module')) {
    const directory = `/sys/module/${module}`;
    // An archive or a repository may drop empty folders; this file exists in every one.
    yield { path: `root${directory}/uevent`, contents: '' };
    yield* live(host, `${directory}/initstate`, seen);
    for (const parameter of await namesIn(host, `${directory}/parameters`)) {
      if (!/pass|secret|token|key/i.test(parameter)) yield* live(host, `${directory}/parameters/${parameter}`, seen);
    }
  }
}

/** A kernel file, or all below a folder; those that refuse to be read or that hold no value are left out. */
async function* live(host: HostReader, path: string, seen: Set<string>): AsyncGenerator<TreeEntry> {
  if (NOT_CAPTURED.test(path) || seen.has(path) || seen.size >= MOST_ENTRIES) return;
  const stat = await statOf(host, path);
  if (stat === undefined) return;
  if (stat.type === 'directory') {
    if (NOT_CAPTURED.test(`${path}/`)) return;
    for (const name of await namesIn(host, path)) yield* live(host, `${path}/${name}`, seen);
    return;
  }
  const isReadable = (stat.mode & 0o444) !== 0;
  const contents = isReadable ? await contentsOf(host, path) : undefined;
  seen.add(path);
  if (contents !== undefined) yield { path: `root${path}`, contents: withoutSecrets(contents) };
}

/** Where a path really is, without following its last part. */
async function located(host: HostReader, path: string): Promise<string | undefined> {
  const cut = path.lastIndexOf('/');
  try {
    const directory = await host.realPath(path.slice(0, cut) || '/');
    return directory === undefined ? undefined : `${directory === '/' ? '' : directory}/${path.slice(cut + 1)}`;
  } catch (error) {
    return leftOut(error);
  }
}

async function namesIn(host: HostReader, directory: string): Promise<readonly string[]> {
  try {
    return (await host.listDirectory(directory)) ?? [];
  } catch (error) {
    return leftOut(error) ?? [];
  }
}

function statOf(host: HostReader, path: string) {
  return host.stat(path).catch(leftOut);
}

function contentsOf(host: HostReader, path: string): Promise<string | undefined> {
  return host.readFile(path, 'bytes').catch(leftOut);
}

/** What cannot be read is no reason to lose the rest. */
function leftOut(error: unknown): undefined {
  if (error instanceof HostFileError) return undefined;
  throw error;
}

async function said(host: HostReader, command: Query): Promise<string> {
  try {
    const { stdout, stderr } = await host.query(command, { timeoutMs: 10_000 });
    return `${stdout}${stderr}`;
  } catch (error) {
    if (!(error instanceof CommandError)) return '';
    return error.stderr === '' ? '' : `${error.stderr}\n`;
  }
}

async function readme(host: HostReader, now: Date): Promise<string> {
  const release = (await contentsOf(host, '/etc/os-release')) ?? (await contentsOf(host, '/usr/lib/os-release')) ?? '';
  const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? 'unknown system';
  const kernel = (await contentsOf(host, '/proc/sys/kernel/osrelease'))?.trim() ?? 'none';
  return `# ${name}

Captured with \`nodeprep capture\`.

| what | value |
| --- | --- |
| system | ${name} |
| kernel | ${kernel} |
| nodeprep | ${VERSION} (${BUILD === undefined ? 'from sources' : `commit ${BUILD.commit}`}) |
| date | ${now.toISOString().slice(0, 10)} |

\`nodeprep plan --root root\` works on this copy; \`commands/\` has the output of commands at that moment. Kernel files
that cannot be read, keys, machine IDs and host names are left out; options that look like secrets are redacted; programs
and large files are empty. Look through it before you share it.
`;
}
