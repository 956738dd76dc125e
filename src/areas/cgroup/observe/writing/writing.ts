/** The files that drivers are written to, read in full; only while one of them has to be written or taken back. */
import type { HostReader } from '../../../../host/host.ts';
import type { Memory } from '../../../area.ts';
import { type KubeletFiles, lastFlag, readKubelet } from '../../../kubelet.ts';
import { type ConfigFile, readUnit } from '../../../unit-files.ts';
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

const FILE_KEY = /^file:([a-z]+):(\/.*)$/s;

/** A file in the ledger and the program that it was written for. */
export interface WrittenFile {
  readonly key: string;
  readonly user: string;
  readonly file: string;
}

/** The files that NodePrep has written. */
export function writtenFiles(memory: Memory): readonly WrittenFile[] {
  return [...memory.keys()].flatMap((key) => {
    const [, user, file] = FILE_KEY.exec(key) ?? [];
    return user === undefined || file === undefined ? [] : [{ key, user, file }];
  });
}

/** Reads them. Throws `HostFileError`. */
export async function observeWriting(
  host: HostReader,
  runtimes: readonly RuntimeObserved[],
  memory: Memory,
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
  for (const { file } of writtenFiles(memory)) written.set(file, await host.readFile(file));
  const paths = [
    ...written.keys(),
    ...(files.containerd === undefined ? [] : [files.containerd.main]),
    ...(files.docker === undefined ? [] : [files.docker.main]),
    ...files.kubelet.configs.map(({ file }) => file),
  ];
  const links = new Set<string>();
  for (const path of new Set(paths)) if ((await host.stat(path))?.type === 'link') links.add(path);
  return { ...files, written, links };
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
