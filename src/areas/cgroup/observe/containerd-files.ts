/** Finds the files that containerd reads: the main file, and what its imports name. */
import { HostFileError } from '../../../host/errors.ts';
import type { HostReader } from '../../../host/host.ts';
import { isGlob, matchesGlob } from '../../glob.ts';
import { lastFlag } from '../../kubelet.ts';
import { textsOf } from '../../tables.ts';
import { type ConfigFile, readUnit } from '../../unit-files.ts';
import type { ConfigProblem } from './runtime-config.ts';
import { type TomlFile, tomlFrom, type TomlText } from './toml.ts';

/** The files in the order in which they are merged. */
export interface ContainerdFiles {
  readonly main: string;
  readonly files: readonly TomlFile[];
  readonly problems: readonly ConfigProblem[];
}

const MAIN = '/etc/containerd/config.toml';
/** Far more than any host has. */
const MOST_FILES = 64;

/**
 * Reads them as the containerd of that version does. What cannot be read is a problem: containerd does not start with it
 * either.
 */
export async function readContainerd(host: HostReader, version?: string): Promise<ContainerdFiles> {
  const unit = (await readUnit(host, 'containerd.service')).map((file) => ({ ...file, text: execStarts(file.text) }));
  const main = lastFlag(unit, 'config')?.value ?? shortFlag(unit) ?? MAIN;
  const files: TomlFile[] = [];
  const problems: ConfigProblem[] = [];
  const pending = [main];
  const seen = new Set<string>();
  for (let next = pending.shift(); next !== undefined && seen.size < MOST_FILES; next = pending.shift()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const found = await contentsOf(host, next);
    if (found !== undefined && 'isFatal' in found) problems.push(found);
    else if (found !== undefined) {
      files.push({ file: next, ...found });
      const imports = 'table' in found.parsed ? textsOf(found.parsed.table['imports']) : [];
      for (const one of imports) {
        // 1.6 looks for a pattern in its own working folder, which has none.
        if (!one.startsWith('/') && one.includes('*') && /^1\.[0-6]\./.test(version ?? '')) continue;
        pending.push(...(await imported(host, next, one)));
      }
    } else if (next !== main) {
      problems.push(broken(next, 'is imported but does not exist'));
    }
  }
  return { main, files, problems };
}

function execStarts(text: string): string {
  return text.replaceAll(/\\\n/g, ' ').replaceAll(/^(?!\s*ExecStart=).*$/gm, '');
}

function shortFlag(unit: readonly ConfigFile[]): string | undefined {
  return unit.flatMap(({ text }) => [...text.matchAll(/\s-c[ =]["']?([^\s"']+)/g)]).at(-1)?.[1];
}

async function contentsOf(host: HostReader, path: string): Promise<TomlText | undefined | ConfigProblem> {
  try {
    return await host.parsed(path, tomlFrom);
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    return broken(path, `cannot be read (${error.code})`);
  }
}

function broken(file: string, what: string): ConfigProblem {
  return {
    place: { file },
    isFatal: true,
    message: `${file} ${what}: containerd does not start. Correct or remove it.`,
  };
}

/** The files that an import stands for; a pattern without a match stands for none. */
async function imported(host: HostReader, from: string, path: string): Promise<readonly string[]> {
  const absolute = path.startsWith('/') ? path : `${from.slice(0, from.lastIndexOf('/'))}/${path.replace(/^\.\//, '')}`;
  if (!isGlob(absolute)) return [absolute];
  const folder = absolute.slice(0, absolute.lastIndexOf('/'));
  const pattern = absolute.slice(folder.length + 1);
  try {
    const names = (await host.listDirectory(folder)) ?? [];
    return names.filter((name) => matchesGlob(pattern, name)).map((name) => `${folder}/${name}`);
  } catch (error) {
    if (error instanceof HostFileError) return [];
    throw error;
  }
}
