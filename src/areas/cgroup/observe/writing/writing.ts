/** The files that drivers are written to, read in full; only while one of them has to be written or taken back. */
import { HostFileError } from '../../../../host/errors.ts';
import type { HostReader } from '../../../../host/host.ts';
import type { CgroupUser } from '../../../../api/parts/cgroup.ts';
import type { Memory } from '../../../area.ts';
import { KUBELET_CONFIG, type KubeletFiles, lastFlag, readKubelet } from '../../../kubelet.ts';
import { type ConfigFile, readUnit } from '../../../unit-files.ts';
import { isMarked, OWN_DROP_INS } from '../../edit/marks.ts';
import { fileKey, writtenFiles, type WrittenKey } from '../../keys.ts';
import { type ContainerdFiles, readContainerd } from '../containerd-files.ts';
import { containerdProgram, containerdVersion } from '../containerd-program.ts';
import { type CrioFiles, readCrioFiles } from '../crio.ts';
import { type DockerFiles, readDockerFiles } from '../docker.ts';
import type { Place } from '../runtime-config.ts';
import type { RuntimeObserved } from '../runtimes.ts';

/** What a plan needs to write files, or to take back what was written. */
export interface Writing {
  readonly containerd?: ContainerdWriting;
  readonly crio?: CrioFiles;
  readonly docker?: DockerFiles;
  readonly kubelet?: KubeletWriting;
  /** What the files in the ledger hold now. */
  readonly written: ReadonlyMap<string, string | undefined>;
  /** Files that are links: they are never written through. */
  readonly links: ReadonlySet<string>;
  /** Files that bear a mark although the record of them is lost. */
  readonly unrecorded: readonly WrittenKey[];
}

/** What containerd reads, and the program that can say what it makes of it. */
export interface ContainerdWriting extends ContainerdFiles {
  /** Absent while it is not installed. */
  readonly program?: string;
  readonly version?: string;
}

/** What the kubelet reads, and where its flag for the driver is written. */
export interface KubeletWriting extends KubeletFiles {
  readonly flag?: Place;
}

/** Files with a mark of NodePrep that the ledger does not know, of programs that get no driver. */
export async function unrecordedFiles(
  host: HostReader,
  runtimes: readonly RuntimeObserved[],
  { memory, kept }: { readonly memory: Memory; readonly kept: readonly CgroupUser[] },
): Promise<readonly WrittenKey[]> {
  const main = runtimes.find(({ name }) => name === 'containerd')?.config.main;
  const files: readonly (readonly [CgroupUser, string | undefined])[] = [
    ['containerd', main],
    ['containerd', OWN_DROP_INS.containerd],
    ['crio', OWN_DROP_INS.crio],
    ['kubelet', OWN_DROP_INS.kubelet],
    ['kubelet', KUBELET_CONFIG],
  ];
  const found: WrittenKey[] = [];
  for (const [user, file] of files) {
    const key = file === undefined ? undefined : fileKey(user, file);
    if (file === undefined || key === undefined || kept.includes(user) || memory.has(key)) continue;
    if (await hasMark(host, file)) found.push({ key, user, file });
  }
  return found;
}

/** What cannot be read is reported where it is needed. */
async function hasMark(host: HostReader, file: string): Promise<boolean> {
  try {
    return (await host.parsed(file, isMarked)) ?? false;
  } catch (error) {
    if (error instanceof HostFileError) return false;
    throw error;
  }
}

/** Reads them. Throws `HostFileError`. */
export async function observeWriting(
  host: HostReader,
  runtimes: readonly RuntimeObserved[],
  { memory, unrecorded }: { readonly memory: Memory; readonly unrecorded: readonly WrittenKey[] },
  signal: AbortSignal,
): Promise<Writing> {
  const names = new Set<string>(runtimes.map(({ name }) => name));
  const containerd = runtimes.find(({ name }) => name === 'containerd');
  const files = {
    ...(containerd === undefined ? {} : { containerd: await containerdWriting(host, containerd, signal) }),
    ...(names.has('crio') ? { crio: await readCrioFiles(host) } : {}),
    ...(names.has('docker') ? { docker: await readDockerFiles(host) } : {}),
    kubelet: await kubeletWriting(host),
  };
  const written = new Map<string, string | undefined>();
  for (const { file } of [...writtenFiles(memory), ...unrecorded]) written.set(file, await host.readFile(file));
  const paths = [
    ...written.keys(),
    ...(files.containerd === undefined ? [] : [files.containerd.main]),
    ...(files.docker === undefined ? [] : [files.docker.main]),
    ...files.kubelet.configs.map(({ file }) => file),
  ];
  const links = new Set<string>();
  for (const path of new Set(paths)) if ((await host.stat(path))?.type === 'link') links.add(path);
  return { ...files, written, links, unrecorded };
}

async function containerdWriting(
  host: HostReader,
  { version: running }: RuntimeObserved,
  signal: AbortSignal,
): Promise<ContainerdWriting> {
  const program = await containerdProgram(host);
  const version = running ?? (await containerdVersion(host, signal));
  const files = await readContainerd(host, version);
  return { ...files, ...(program === undefined ? {} : { program }), ...(version === undefined ? {} : { version }) };
}

async function kubeletWriting(host: HostReader): Promise<KubeletWriting> {
  const files = await readKubelet(host);
  const inForce = lastFlag(files.inForce, 'cgroup-driver');
  if (inForce === undefined) return files;
  // A running kubelet shows its command line; a person has to know the file that the flag is in.
  const sources: readonly ConfigFile[] = [...(await readUnit(host, 'kubelet.service')), ...files.flags];
  const { value: _, ...flag } = lastFlag(sources, 'cgroup-driver') ?? inForce;
  return { ...files, flag };
}
