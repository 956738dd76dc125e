/**
 * A small stateful Linux for tests: files, links, kernel files and commands that change them.
 * What programs and the kernel do comes from behaviours (`modprobe.ts`, `kernel-files.ts`,
 * `swap.ts`), so that a test asserts the resulting world and never the calls.
 */
import { createHash } from 'node:crypto';
import { CommandMissingError, HostFileError } from '../errors.ts';
import { assertFileSize, assertLineCount } from '../file-limits.ts';
import type { Command, CommandOutput, FileStat, Host, Kernel, TextEncoding, WriteOptions } from '../host.ts';
import { assertPath } from '../linux/files/file-errors.ts';
import { createParsed } from '../parsed.ts';
import type { SocketAnswer, SocketQuestion } from '../query.ts';
import { answered } from './answered.ts';
import { fromBytes, toBytes } from './bytes.ts';
import { assertReplaceable, type MemoryNode, ownedNode, type Ownership, renderNodes, statOf } from './nodes.ts';
import { namesIn, parent, resolvePath } from './resolve.ts';

type Output = CommandOutput | Promise<CommandOutput>;

/** What one program, or one part of the kernel, does to the world. */
export interface MemoryBehaviour {
  /** By program name; may change the world, may throw `CommandError`. */
  readonly commands?: Readonly<Record<string, (host: MemoryHost, args: readonly string[], command: Command) => Output>>;
  /** Takes a write to a kernel file; `false` leaves it to the next behaviour, or to a plain store. */
  readonly writeKernelFile?: (host: MemoryHost, path: string, contents: string) => boolean;
  /** Called before a file is read; throws what the kernel would answer, such as EIO. */
  readonly readFile?: (host: MemoryHost, path: string) => void;
  /** Answers a question on a socket; `undefined` leaves it to the next behaviour. */
  readonly answer?: (host: MemoryHost, socket: string, question: SocketQuestion) => SocketAnswer | undefined;
}

/** What every call throws once the host has "lost power". */
export class MemoryHostDied extends Error {
  override readonly name = 'MemoryHostDied';
}

/** Initial state: a string is a file, `{ link }` a link, `null` an empty directory. */
export type MemoryFiles = Readonly<Record<string, string | { readonly link: string } | null>>;

const devNull = '/dev/null';

/** A machine in memory: set it up, let NodePrep work on it, look at what became of it. */
export class MemoryHost implements Host {
  readonly kernel: Kernel;
  readonly nodes = new Map<string, MemoryNode>([['/', { type: 'directory' }]]);
  /** Bytes that are free, everywhere. */
  room = 2 ** 40;
  readonly #behaviours: readonly MemoryBehaviour[];
  #mutations = 0;
  #dieAfter = Number.POSITIVE_INFINITY;
  #failures = new Map<number, Error>();

  constructor(files: MemoryFiles = {}, options: { kernel?: Kernel; behaviours?: readonly MemoryBehaviour[] } = {}) {
    this.kernel = options.kernel ?? 'running';
    this.#behaviours = options.behaviours ?? [];
    for (const [path, file] of Object.entries(files)) this.put(path, file);
  }

  /** Sets a node as another program would; never counted, never fails. */
  put(path: string, file: string | { readonly link: string } | null | undefined): void {
    if (file === undefined) {
      for (const known of this.nodes.keys()) {
        if (known === path || known.startsWith(`${path}/`)) this.nodes.delete(known);
      }
      return;
    }
    for (let up = parent(path); !this.nodes.has(up); up = parent(up)) this.nodes.set(up, { type: 'directory' });
    if (file === null) this.nodes.set(path, { type: 'directory' });
    else if (typeof file === 'string') {
      const old = this.nodes.get(path);
      const kept = old?.type === 'file' ? old : { type: 'file' as const, mode: 0o644 };
      this.nodes.set(path, { ...kept, content: toBytes(file) });
    } else this.nodes.set(path, { type: 'link', target: file.link });
  }

  /** Gives a node another owner or mode, as chown(8) and chmod(1) would; never counted, never fails. */
  own(path: string, ownership: Ownership): void {
    this.nodes.set(path, ownedNode(this.nodes.get(path), ownership));
  }

  /** Contents as text without any fault, `undefined` when absent; for assertions and behaviours. */
  text(path: string): string | undefined {
    const node = this.nodes.get(resolvePath(this.nodes, 'read', path));
    return node?.type === 'file' ? fromBytes(node.content) : undefined;
  }

  /** Number of changes so far; a file write counts twice: the temporary file, then the rename. */
  get mutations(): number {
    return this.#mutations;
  }

  /** Loses power after `count` further changes: every later call throws `MemoryHostDied`. */
  dieAfter(count: number): void {
    this.#dieAfter = this.#mutations + count;
  }

  /** Power is back: same disk, nothing dies any more. */
  revive(): void {
    this.#dieAfter = Number.POSITIVE_INFINITY;
  }

  /** Makes the n-th change from now on fail with `error`; 1 is the next. */
  failOn(n: number, error: Error): void {
    this.#failures.set(this.#mutations + n, error);
  }

  readonly readFile = async (path: string, encoding: TextEncoding = 'utf8'): Promise<string | undefined> => {
    this.#alive();
    const at = resolvePath(this.nodes, 'read', path);
    if (at === devNull) return '';
    const node = this.nodes.get(at);
    if (node === undefined || node.type === 'link') return undefined;
    for (const behaviour of this.#behaviours) behaviour.readFile?.(this, path);
    if (node.type === 'directory') throw new HostFileError('read', path, 'EISDIR', 'it is a directory, not a file');
    if (node.type === 'block') throw new HostFileError('read', path, 'EINVAL', 'it is a device, not a file');
    assertFileSize(path, node.content.length);
    assertLineCount(path, Buffer.from(node.content, 'latin1'));
    return encoding === 'bytes' ? node.content : fromBytes(node.content);
  };

  readonly parsed = createParsed((path, encoding) => this.readFile(path, encoding));

  readonly sumOf = async (path: string): Promise<string | undefined> => {
    const bytes = await this.readFile(path, 'bytes');
    return bytes === undefined ? undefined : createHash('sha256').update(bytes, 'latin1').digest('hex');
  };

  readonly freeBytes = async (path: string): Promise<number | undefined> =>
    (await this.listDirectory(path)) && this.room;

  readonly listDirectory = async (path: string): Promise<readonly string[] | undefined> => {
    this.#alive();
    const at = resolvePath(this.nodes, 'list', path);
    const node = this.nodes.get(at);
    if (node === undefined) return undefined;
    if (node.type !== 'directory') throw new HostFileError('list', path, 'ENOTDIR', 'it is not a directory');
    return namesIn(this.nodes, at);
  };

  readonly stat = async (path: string): Promise<FileStat | undefined> => {
    this.#alive();
    const node = this.nodes.get(this.#entry('look at', path));
    return node && statOf(node);
  };

  readonly readLink = async (path: string): Promise<string | undefined> => {
    this.#alive();
    const node = this.nodes.get(this.#entry('read the link', path));
    return node?.type === 'link' ? node.target : undefined;
  };

  readonly realPath = async (path: string): Promise<string | undefined> => {
    this.#alive();
    const at = resolvePath(this.nodes, 'resolve', path);
    return at === devNull || this.nodes.has(at) ? at : undefined;
  };

  readonly query: Host['query'] = async (command) => {
    this.#alive();
    return this.#execute(command);
  };

  readonly ask: Host['ask'] = async (socket, questions) => {
    this.#alive();
    return questions.map((question) => answered(this.#behaviours, this, socket, question));
  };

  readonly call: Host['call'] = async (socket, question) => {
    this.#mutate();
    return answered(this.#behaviours, this, socket, question);
  };

  readonly run = async (command: Command): Promise<CommandOutput> => {
    this.#mutate();
    return this.#execute(command);
  };

  readonly writeFile = async (path: string, contents: string, options: WriteOptions = {}): Promise<void> => {
    const at = this.#fileToReplace(path, options.onlyName);
    const old = this.nodes.get(at);
    const { mode = 0o644 } = old?.type === 'file' ? old : options;
    this.#replace(at, options.encoding === 'bytes' ? contents : toBytes(contents), mode);
  };

  readonly installFile = async (path: string, contents: AsyncIterable<Uint8Array>, mode: number): Promise<void> => {
    const at = this.#fileToReplace(path);
    let content = '';
    for await (const piece of contents) content += Buffer.from(piece).toString('latin1');
    this.#replace(at, content, mode);
  };

  readonly writeKernelFile = async (path: string, contents: string): Promise<void> => {
    if (this.kernel !== 'running')
      throw new HostFileError('write', path, 'EROFS', 'this host is a directory, its kernel is not running');
    if (!/^\/(proc|sys)\//.test(path))
      throw new HostFileError('write', path, 'EINVAL', 'only files below /proc and /sys are kernel files');
    this.#mutate();
    for (const behaviour of this.#behaviours) if (behaviour.writeKernelFile?.(this, path, contents)) return;
    const node = this.nodes.get(path);
    if (node === undefined) throw new HostFileError('write', path, 'ENOENT', 'no such file or directory');
    if (node.type !== 'file') throw new HostFileError('write', path, 'EISDIR', 'it is not a file');
    this.put(path, `${contents.trim()}\n`);
  };

  readonly removeFile = async (path: string): Promise<void> => {
    const at = this.#entry('remove', path);
    if (this.nodes.get(at)?.type === 'directory')
      throw new HostFileError('remove', path, 'EISDIR', 'it is a directory');
    this.#mutate();
    this.nodes.delete(at);
  };

  readonly removeDirectory = async (path: string): Promise<void> => {
    const at = this.#entry('remove', path);
    if (at === '/' || this.nodes.get(at)?.type !== 'directory') return;
    if ([...this.nodes.keys()].some((known) => known.startsWith(`${at}/`))) return;
    this.#mutate();
    this.nodes.delete(at);
  };

  readonly makeLink = async (path: string, target: string): Promise<void> => {
    const at = this.#entryToChange('link', path);
    if (target === '' || target.includes('\0'))
      throw new HostFileError('link', path, 'EINVAL', 'no link can have this target');
    if (this.nodes.get(at)?.type === 'directory') throw new HostFileError('link', path, 'EISDIR', 'it is a directory');
    this.#mutate();
    this.put(at, { link: target });
  };

  /** The whole world, sorted, for a readable assertion. */
  toString(): string {
    return renderNodes(this.nodes, (path) => this.text(path));
  }

  #alive(): void {
    if (this.#mutations > this.#dieAfter) throw new MemoryHostDied('the host has lost power');
  }

  #mutate(): void {
    this.#mutations += 1;
    this.#alive();
    const failure = this.#failures.get(this.#mutations);
    if (failure !== undefined) throw failure;
  }

  #fileToReplace(path: string, onlyName = false): string {
    const at = this.#entryToChange('write', path);
    assertReplaceable(path, this.nodes.get(at), onlyName);
    return at;
  }

  /** Two changes, so that a test can lose power between the temporary file and the rename. */
  #replace(at: string, content: string, mode: number): void {
    const temporary = `${parent(at)}/.${at.slice(at.lastIndexOf('/') + 1)}.nodeprep.tmp`;
    this.#mutate();
    this.put(temporary, '');
    this.nodes.set(temporary, { type: 'file', content: content.slice(0, content.length / 2), mode });
    this.#mutate();
    this.nodes.delete(temporary);
    const { owner = 0 } = this.nodes.get(at) ?? {};
    this.nodes.set(at, { type: 'file', content, mode, owner });
  }

  #execute(command: Command): Output {
    if (this.kernel !== 'running') throw new CommandMissingError(command, 'this host is a directory');
    const [program, ...args] = command;
    for (const behaviour of this.#behaviours) {
      const run = behaviour.commands?.[program];
      if (run !== undefined) return run(this, args, command);
    }
    throw new CommandMissingError(command, `there is no "${program}" on this host`);
  }

  /** The path with the links of its parents followed, but not itself. */
  #entry(action: string, path: string): string {
    assertPath(action, path);
    const clean = path.replace(/(?<=.)\/+$/, '');
    const up = resolvePath(this.nodes, action, parent(clean));
    return clean === '/' ? '/' : `${up === '/' ? '' : up}/${clean.slice(clean.lastIndexOf('/') + 1)}`;
  }

  #entryToChange(action: string, path: string): string {
    const at = this.#entry(action, path);
    for (let up = parent(at); up !== '/'; up = parent(up)) {
      if ((this.nodes.get(up)?.type ?? 'directory') === 'directory') continue;
      throw new HostFileError(action, path, 'ENOTDIR', 'a part of the path is not a directory');
    }
    return at;
  }
}
