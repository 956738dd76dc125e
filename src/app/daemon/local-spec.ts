/** The spec that this host declares by itself, for an agent that brings it into the cluster. */
import { SpecInvalidError } from '../../api/yaml/errors.ts';
import { LIMITS_PATH } from '../../api/spec/limits.ts';
import { CLUSTER_RECORD_PATH } from '../../disk/cluster-record.ts';
import { readLocalSpec, type SpecRequest } from '../../disk/file-spec-source.ts';
import { SPEC_DIRECTORY, SPEC_FILE } from '../../disk/spec-files.ts';
import { isHalf, QUIET_MS, specHints } from '../../disk/watched-spec-source.ts';
import { HostFileError } from '../../host/errors.ts';
import { createHostWatcher } from '../../host/watch/watcher.ts';
import type { LocalSpec, LocalSpecPort } from '../../kubernetes/ports.ts';
import { createQuietMoment } from '../../reconcile/loop/quiet-moment.ts';
import type { Machine } from '../machine.ts';

/** Reads the files of the host, or the default when it has none; watches both, and the limits of the host. */
export function createLocalSpec(
  machine: Machine,
  request: SpecRequest,
  defaultFile: string | undefined,
): LocalSpecPort {
  let last: LocalSpec | undefined;
  let tell = () => {};
  const quiet = createQuietMoment({ clock: machine.clock, quietMs: QUIET_MS, onQuiet: () => tell() });
  return {
    read: async () => {
      const next = await read(machine, request, defaultFile);
      if (last?.kind === 'document' && saysLess(next, last) && quiet.awaits(JSON.stringify(next))) return last;
      quiet.end();
      // What cannot be used does not tell what the files will say.
      if (next.kind !== 'invalid') last = next;
      return next;
    },
    watch: async (onChange) => {
      tell = onChange;
      const isNamed = request.files.length > 0;
      const host = createHostWatcher(machine);
      const here = createHostWatcher({ root: '/' });
      const limits = { path: LIMITS_PATH, by: 'event' } as const;
      // The record of the cluster is written by ourselves.
      const own = isNamed ? [] : specHints(request).filter(({ path }) => path !== CLUSTER_RECORD_PATH);
      await host.watch([limits, ...own], onChange);
      const named = isNamed ? specHints(request) : [];
      const standIn = defaultFile === undefined ? [] : [{ path: defaultFile, by: 'event' } as const];
      await here.watch([...named, ...standIn], onChange);
      return async () => {
        quiet.end();
        await host.close();
        await here.close();
      };
    },
  };
}

/** A file that is moved away for a moment must not bring the default of the agent into the cluster. */
function saysLess(next: LocalSpec, last: LocalSpec & { readonly kind: 'document' }): boolean {
  if (next.kind !== 'document') return next.kind === 'none';
  return (last.origin === 'files' && next.origin === 'default') || isHalf(next, last.source);
}

async function read(machine: Machine, request: SpecRequest, defaultFile: string | undefined): Promise<LocalSpec> {
  try {
    const own = await readLocalSpec(machine.here, machine.host, request);
    if (own !== undefined) return { kind: 'document', origin: 'files', title: titleOf(request), ...own };
    if (defaultFile === undefined) {
      const problem = `The host has no ${SPEC_FILE} and no ${SPEC_DIRECTORY}/*.yaml, and there is no --default-file.`;
      return { kind: 'none', problem };
    }
    const standIn = await readLocalSpec(machine.here, machine.host, { files: [defaultFile] });
    if (standIn === undefined) return { kind: 'none', problem: `${defaultFile} declares nothing.` };
    return { kind: 'document', origin: 'default', title: defaultFile, ...standIn };
  } catch (error) {
    if (error instanceof SpecInvalidError || error instanceof HostFileError)
      return { kind: 'invalid', problem: error.message };
    throw error;
  }
}

function titleOf({ files, profile }: SpecRequest): string {
  if (files.length > 0) return files.join(', ');
  return profile === undefined ? SPEC_FILE : `the profile ${profile}`;
}
