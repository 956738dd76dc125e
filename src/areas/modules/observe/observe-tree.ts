/** Reads what depmod says about the modules of a kernel: `/lib/modules/<release>`. */
import type { HostReader } from '../../../host/host.ts';
import { parseAliases, parseModulePaths } from './parse.ts';

/** Where distributions keep modules; on most, one is a link to the other. */
const MODULE_ROOTS = ['/lib/modules', '/usr/lib/modules'];

/** The modules of one kernel release. */
export interface ModuleTree {
  readonly release: string;
  readonly builtIn: ReadonlySet<string>;
  /** Names in `modules.dep`; `undefined` when that was not read or does not exist, so nothing is known. */
  readonly loadable: ReadonlySet<string> | undefined;
  readonly aliases: ReadonlyMap<string, string>;
}

/**
 * Reads the tree of a release, `undefined` when there is none. `modules.dep` is half a megabyte, so
 * it is read only to find out whether a module exists (`complete`).
 */
export async function readModuleTree(
  host: HostReader,
  release: string,
  complete: boolean,
): Promise<ModuleTree | undefined> {
  for (const root of MODULE_ROOTS) {
    const folder = `${root}/${release}`;
    const builtIn = await host.parsed(`${folder}/modules.builtin`, parseModulePaths, 'bytes');
    const hasDependencies = (await host.stat(`${folder}/modules.dep`)) !== undefined;
    if (builtIn === undefined && !hasDependencies) continue;
    const loadable = complete ? await host.parsed(`${folder}/modules.dep`, parseModulePaths, 'bytes') : undefined;
    const aliases = complete ? await host.parsed(`${folder}/modules.alias`, parseAliases, 'bytes') : undefined;
    return {
      release,
      builtIn: builtIn ?? new Set(),
      loadable,
      aliases: aliases ?? new Map(),
    };
  }
  return undefined;
}

/** The kernel releases that have a module tree on this host. */
export async function listReleases(host: HostReader): Promise<string[]> {
  const releases = new Set<string>();
  for (const root of MODULE_ROOTS) {
    for (const release of (await host.listDirectory(root)) ?? []) {
      if (releases.has(release)) continue;
      for (const file of ['modules.dep', 'modules.builtin']) {
        if ((await host.stat(`${root}/${release}/${file}`)) !== undefined) releases.add(release);
      }
    }
  }
  return [...releases];
}

/** A release as a folder name; anything else in a captured `osrelease` must not lead elsewhere. */
export function releaseFrom(text: string | undefined): string | undefined {
  const release = text?.trim() ?? '';
  return /^[A-Za-z0-9][A-Za-z0-9_.+~-]*$/.test(release) ? release : undefined;
}
