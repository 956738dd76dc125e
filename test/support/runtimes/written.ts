/** What NodePrep would write into the files of a containerd. */
import type { CgroupDriver } from '../../../src/api/parts/cgroup.ts';
import { parseContainerd } from '../../../src/areas/cgroup/observe/containerd.ts';
import { readContainerd } from '../../../src/areas/cgroup/observe/containerd-files.ts';
import { writeContainerd } from '../../../src/areas/cgroup/plan/write/containerd.ts';
import { MemoryHost } from '../../../src/host/memory/memory-host.ts';

/** Files by their path below /etc/containerd. */
export type Files = Readonly<Record<string, string>>;

/** Where the files are. */
export const FOLDER = '/etc/containerd';

/** A host with nothing but these files. */
export function hostWith(files: Files): MemoryHost {
  return new MemoryHost(Object.fromEntries(Object.entries(files).map(([path, text]) => [`${FOLDER}/${path}`, text])));
}

/** The edit, or why there is none; `undefined` when all runtimes of runc have the driver, and while CRI is off. */
export async function editOf(files: Files, version: string, driver: CgroupDriver, program = '/usr/bin/containerd') {
  const host = hostWith(files);
  const { handlers, isCriDisabled } = await configOf(files, version);
  if (isCriDisabled) return undefined;
  if (handlers.length > 0 && handlers.every((one) => one.driver === driver)) return undefined;
  return writeContainerd({ ...(await readContainerd(host, version)), program, version }, driver);
}

/** What the files mean for that containerd. */
export async function configOf(files: Files, version: string) {
  return parseContainerd(await readContainerd(hostWith(files), version), version);
}

/** The files after an edit. */
export function filesAfter(files: Files, edit: { readonly file: string; readonly after?: string }): Files {
  const { [edit.file.slice(FOLDER.length + 1)]: _, ...others } = files;
  return edit.after === undefined ? others : { ...others, [edit.file.slice(FOLDER.length + 1)]: edit.after };
}
