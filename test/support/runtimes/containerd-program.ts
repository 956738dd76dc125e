/**
 * The program containerd on a `MemoryHost`: `--version` and `config dump`, as measured with 1.6.20, 1.7.24 and 2.1.9. It
 * shares no code with what reads these files in NodePrep.
 */
import { posix } from 'node:path';
import { parse, stringify } from 'smol-toml';
import { CommandError } from '../../../src/host/errors.ts';
import type { MemoryBehaviour, MemoryHost } from '../../../src/host/memory/memory-host.ts';

interface Table {
  [name: string]: unknown;
}

const V2 = 'io.containerd.grpc.v1.cri';
const V3 = 'io.containerd.cri.v1.runtime';
const RUNC = { runtime_type: 'io.containerd.runc.v2', options: { BinaryName: '', SystemdCgroup: false } };

/** Where the program is. */
export const CONTAINERD = '/usr/bin/containerd';

/** The program and how often it has printed a configuration. */
export function containerdProgram(version: string): {
  readonly behaviour: MemoryBehaviour;
  readonly dumps: () => number;
} {
  let dumps = 0;
  return {
    dumps: () => dumps,
    behaviour: {
      commands: {
        [CONTAINERD]: (host, args, command) => {
          if (args[0] === '--version')
            return { stdout: `containerd github.com/containerd/containerd ${version} \n`, stderr: '' };
          dumps += 1;
          try {
            return { stdout: stringify(dump(host, args[1] ?? '', version.startsWith('1.'))), stderr: '' };
          } catch (error) {
            const stderr = `containerd: ${error instanceof Error ? error.message.split('\n')[0] : ''}\n`;
            throw new CommandError(command, { exitCode: 1, stderr, detail: 'exit code 1' });
          }
        },
      },
    },
  };
}

function dump(host: MemoryHost, main: string, isOf1: boolean): Table {
  const files = filesOf(host, main);
  const version = files.map((one) => Number(one['version'] ?? 0)).findLast((one) => one > 0) ?? 1;
  if (isOf1 && version > 2) throw new Error(`unsupported config version \`${version}\``);
  const plugin = isOf1 ? V2 : V3;
  const tables = files.flatMap((one) => {
    const plugins = (one['plugins'] ?? {}) as Record<string, Table>;
    const found = version === 2 ? plugins[V2] : plugins[V3];
    return found === undefined ? [] : [found];
  });
  const counting = isOf1 ? tables.slice(-1) : tables;
  const cri: Table = { sandbox_image: 'registry.k8s.io/pause:3.6', cni: { bin_dir: '/opt/cni/bin' } };
  // 1.x has its own runtimes only while no file names any.
  const runtimes: Table = isOf1 && counting.some(hasRuntimes) ? {} : { runc: RUNC };
  for (const { containerd = {}, ...rest } of counting as { containerd?: Table }[]) {
    merge(cri, rest);
    const { runtimes: own = {}, ...others } = containerd as { runtimes?: Record<string, Table> };
    merge(cri, { containerd: others });
    for (const [name, runtime] of Object.entries(own)) {
      // 1.x takes an entry of the file as it is, 2.x fills it in.
      if (isOf1) runtimes[name] = { runtime_type: '', sandbox_mode: '', ...runtime };
      else runtimes[name] = merge(structuredClone((runtimes[name] ?? {}) as Table), runtime);
    }
  }
  const containerd = { default_runtime_name: 'runc', ...(cri['containerd'] as Table), runtimes };
  return { version, imports: isOf1 ? [main] : [], plugins: { [plugin]: { ...cri, containerd } } };
}

function hasRuntimes({ containerd }: Table): boolean {
  return typeof containerd === 'object' && containerd !== null && 'runtimes' in containerd;
}

/** The main file and its imports, level by level. */
function filesOf(host: MemoryHost, main: string): readonly Table[] {
  const read: Table[] = [];
  const seen = new Set<string>();
  const pending = [main];
  for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const text = host.text(path);
    if (text === undefined) throw new Error(`failed to load TOML: ${path}: no such file or directory`);
    const table = parse(text) as Table;
    read.push(table);
    for (const one of (table['imports'] ?? []) as string[]) {
      const absolute = posix.resolve(posix.dirname(path), one);
      const [folder, suffix] = [posix.dirname(absolute), posix.basename(absolute).split('*')[1]];
      if (suffix === undefined) pending.push(absolute);
      else {
        const names = [...host.nodes.keys()].filter(
          (known) => posix.dirname(known) === folder && known.endsWith(suffix),
        );
        pending.push(...names.toSorted());
      }
    }
  }
  return read;
}

function merge(into: Table, from: Table): Table {
  for (const [name, value] of Object.entries(from)) {
    const old = into[name];
    const isTable = typeof old === 'object' && old !== null && typeof value === 'object' && value !== null;
    into[name] =
      isTable && !Array.isArray(value) ? merge(structuredClone(old) as Table, value as Table) : structuredClone(value);
  }
  return into;
}
