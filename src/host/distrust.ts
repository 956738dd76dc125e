/**
 * Whether other users than root could have written a file that decides what root does on this node.
 * Such a file is refused, as sshd and sudo refuse theirs: its owner, its mode, and those of every
 * directory on the way to it, behind links as well.
 */
import { HostFileError } from './errors.ts';
import type { FileStat, HostReader } from './host.ts';
import { shellWord } from './shell-words.ts';

/** As many links as the kernel follows. */
const MOST_LINKS = 40;
const OTHERS_MAY_WRITE = 0o022;

/** A file or directory on the way to a file. */
interface Visited {
  readonly path: string;
  readonly stat: FileStat;
  /** A link leads here: this is not the directory that its path names. */
  readonly behindLink: boolean;
}

/** One place to repair, and the file for which it matters, as this machine sees it. */
export interface Distrust {
  readonly file: string;
  /** What is wrong there, why it matters and how to repair it. */
  readonly message: string;
}

/**
 * Throws `HostFileError` when other users than root could have written a record of our own: to repair the mode is not
 * enough then, because what it says may be theirs. A directory that stands for a host belongs to who made it.
 */
export async function assertOwnRecord(host: HostReader, path: string): Promise<void> {
  if (host.kernel !== 'running') return;
  const [problem] = await distrustOf(host, [path]);
  if (problem === undefined) return;
  const advice = `${problem.message}, after a look at what ${shellWord(problem.file)} says, or remove it`;
  throw new HostFileError('use', path, 'EPERM', advice);
}

/** Why files of the host are not to be obeyed, one problem for each place to repair; an absent file has none. */
export async function distrustOf(host: HostReader, files: readonly string[]): Promise<readonly Distrust[]> {
  const owners = await trustedOwners(host);
  const below = host.directory ?? '';
  const problems = new Map<string, Distrust>();
  for (const file of files) {
    // Both, because an absolute link in a directory that stands for a host may be meant for either root.
    for (const way of new Set([file, (await host.realPath(file)) ?? file])) {
      for await (const visited of wayTo(host, way)) {
        const message = problems.has(visited.path) ? undefined : distrust(file, visited, owners, below);
        if (message !== undefined) problems.set(visited.path, { file: `${below}${file}`, message });
      }
    }
  }
  return [...problems.values()];
}

/** A directory that stands for a host has the owner who made it. */
async function trustedOwners(host: HostReader): Promise<ReadonlySet<number>> {
  const root = host.kernel === 'running' ? undefined : await host.stat('/');
  return new Set([0, process.geteuid?.() ?? 0, root?.owner ?? 0]);
}

function distrust(
  file: string,
  { path, stat, behindLink }: Visited,
  owners: ReadonlySet<number>,
  below: string,
): string | undefined {
  const isForeign = !owners.has(stat.owner);
  const isOpen = (stat.mode & OTHERS_MAY_WRITE) !== 0;
  if (!isForeign && !isOpen) return undefined;
  const what =
    path === file
      ? 'it'
      : `the ${stat.type} ${shellWord(`${below}${path}`)}${behindLink ? ', where a link leads,' : ''}`;
  const facts = [
    ...(isForeign ? [`belongs to user ${stat.owner}`] : []),
    ...(isOpen ? [`may be written by others than its owner (mode ${stat.mode.toString(8).padStart(4, '0')})`] : []),
  ];
  const repairs = [
    ...(isForeign ? [`chown root:root ${shellWord(`${below}${path}`)}`] : []),
    ...(isOpen ? [`chmod go-w ${shellWord(`${below}${path}`)}`] : []),
  ];
  const advice =
    behindLink && stat.type === 'directory'
      ? 'replace the link with a plain file of root'
      : `run "${repairs.join(' && ')}"`;
  return `${what} ${facts.join(' and ')}, so other users than root could decide what root does on this node; ${advice}`;
}

/** Every directory that is looked into on the way to a file, and the file: where each link leads, too. */
async function* wayTo(host: HostReader, file: string): AsyncGenerator<Visited> {
  const parts = namesIn(file);
  let links = 0;
  let at = '';
  const root = await host.stat('/');
  if (root !== undefined) yield { path: '/', stat: root, behindLink: false };
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    if (part === '..') {
      at = at.slice(0, Math.max(at.lastIndexOf('/'), 0));
      continue;
    }
    const path = `${at}/${part}`;
    const stat = await host.stat(path);
    if (stat === undefined || (stat.type !== 'link' && stat.type !== 'file' && stat.type !== 'directory')) return;
    if (stat.type !== 'link') {
      at = path;
      yield { path, stat, behindLink: links > 0 };
      continue;
    }
    links += 1;
    // What is wrong with a longer trail is said when the file is read.
    if (links > MOST_LINKS) return;
    const target = (await host.readLink(path)) ?? '';
    if (target.startsWith('/')) at = '';
    parts.unshift(...namesIn(target));
  }
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
