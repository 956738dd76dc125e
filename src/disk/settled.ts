/** Waits, for a command that reads the spec once, until it is no longer being written. */
import type { HostReader } from '../host/host.ts';
import { SPEC_DIRECTORY, SPEC_FILE } from './spec-files.ts';
import type { SpecRequest } from './file-spec-source.ts';

/** A file that was written so recently may be half of one: editors and `cp` are done in less. */
const RECENT_MS = 1500;
/** A file that is written all the time is read all the same. */
const MOST_LOOKS = 5;

/** What the waiting needs. */
export interface SettledParts {
  /** The machine that named files are on, and the host that default files are on. */
  readonly here: HostReader;
  readonly host: HostReader;
  readonly now: () => Date;
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** Resolves at once unless a spec file, or the folder that it may be moved from, has just been changed. Throws `HostFileError`. */
export async function settled(request: SpecRequest, { here, host, now, pause }: SettledParts): Promise<void> {
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const ages = (await changesOf(request, here, host)).map((time) => now().getTime() - time);
    // A time to come says nothing: a clock was set back.
    const youngest = Math.min(...ages.filter((age) => age >= 0));
    if (youngest >= RECENT_MS) return;
    await pause(RECENT_MS - youngest);
  }
}

async function changesOf({ files, profile }: SpecRequest, here: HostReader, host: HostReader): Promise<number[]> {
  if (files.length > 0) return timesOf(here, files);
  if (profile !== undefined) return [];
  const dropIns = (await host.listDirectory(SPEC_DIRECTORY)) ?? [];
  const folder = SPEC_FILE.slice(0, SPEC_FILE.lastIndexOf('/'));
  return timesOf(host, [folder, SPEC_FILE, SPEC_DIRECTORY, ...dropIns.map((name) => `${SPEC_DIRECTORY}/${name}`)]);
}

async function timesOf(host: HostReader, paths: readonly string[]): Promise<number[]> {
  const stats = await Promise.all(paths.filter((path) => path !== '-').map((path) => host.stat(path)));
  return stats.flatMap((stat) => (stat === undefined ? [] : [stat.modifiedMs]));
}
