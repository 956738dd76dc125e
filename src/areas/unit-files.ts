/** Files of systemd units, for what a program is started with. */
import type { HostReader } from '../host/host.ts';

/** A configuration file with its contents. */
export interface ConfigFile {
  readonly file: string;
  readonly text: string;
}

const FOLDERS = ['/usr/lib/systemd/system', '/lib/systemd/system', '/etc/systemd/system'] as const;

/** The unit and its drop-ins, in the order in which later ones win. Throws `HostFileError`. */
export async function readUnit(host: HostReader, unit: string): Promise<readonly ConfigFile[]> {
  const own = await readAll(
    host,
    FOLDERS.map((folder) => `${folder}/${unit}`),
  );
  const dropIns = new Map<string, string>();
  for (const folder of FOLDERS) {
    for (const name of (await host.listDirectory(`${folder}/${unit}.d`)) ?? []) {
      if (name.endsWith('.conf')) dropIns.set(name, `${folder}/${unit}.d/${name}`);
    }
  }
  const paths = [...dropIns].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  return [...own.slice(-1), ...(await readAll(host, paths))];
}

/** Those of the files that exist. Throws `HostFileError`. */
export async function readAll(host: HostReader, files: readonly string[]): Promise<ConfigFile[]> {
  const read: ConfigFile[] = [];
  for (const file of files) {
    const text = await host.readFile(file);
    if (text !== undefined) read.push({ file, text });
  }
  return read;
}

/**
 * Identifies the run of a unit: it changes with every start. `undefined` while the unit does not run, and where no
 * systemd runs.
 */
export function runOf(host: HostReader, unit: string): Promise<string | undefined> {
  return host.readLink(`/run/systemd/units/invocation:${unit}`);
}
