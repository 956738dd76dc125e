/** The spec source of the daemon: re-reads on request, refuses a broken spec and keeps the last good one. */
import { renderProblem, SpecInvalidError } from '../api/yaml/errors.ts';
import { HostFileError } from '../host/errors.ts';
import type { PathHint, HostReader, HostWatcher } from '../host/host.ts';
import { leavesOut } from './left-out.ts';
import type { NodePrepSpecSource } from '../api/spec/nodeprep.ts';
import { createQuietMoment, type QuietMoment } from '../reconcile/loop/quiet-moment.ts';
import type { SpecSnapshot, SpecSource } from '../reconcile/report/node-report.ts';
import { CLUSTER_RECORD_PATH } from './cluster-record.ts';
import { type Declared, readSpec, refusalFrom, type SpecKeeper, type SpecRequest } from './file-spec-source.ts';
import { SPEC_DIRECTORY, SPEC_FILE } from './spec-files.ts';

/** How long files that may be written right now stay as they are before they are taken at their word. */
export const QUIET_MS = 3000;

/** What a spec is read with. */
export interface SpecReaderParts {
  /** How long what may be half a spec waits; absent where it is read once. */
  readonly quiet?: QuietMoment;
  /** Told when one begins to wait. */
  readonly onHeld?: () => void;
  readonly machine: HostReader;
  readonly host: HostReader;
  readonly keeper: SpecKeeper;
  readonly request: SpecRequest;
  /** Told once for every new refusal. */
  readonly onRefused: (message: string) => void;
  /** Told once of each warning about a spec that is accepted, again when it had gone away. */
  readonly onWarning: (message: string) => void;
}

/** What the source is built from. */
export interface WatchedSpecParts extends Omit<SpecReaderParts, 'quiet'> {
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** A watcher of its own: hints of the areas are replaced with every spec. */
  readonly watcher: HostWatcher;
}

/** Reads the spec as it is now, or the last good one; throws only when there never was a good one. */
export function createSpecReader(parts: SpecReaderParts): SpecSource['current'] {
  let lastRefusal: string | undefined;
  let lastWarnings: ReadonlySet<string> = new Set();
  let isHeld = false;
  let shown: SpecSnapshot | undefined;
  return async () => {
    try {
      const declared = await readSpec(parts.machine, parts.host, parts.request);
      if (!declared.fromFiles && parts.keeper.hadFiles() && parts.request.profile === undefined) {
        const advice = 'the spec files are gone; run "nodeprep uninstall" to take NodePrep off this host';
        throw new HostFileError('read', SPEC_FILE, 'ENOENT', advice);
      }
      const before = parts.keeper.last();
      const mayBeHalf = before !== undefined && isHalf(declared, before.source);
      if (mayBeHalf && parts.quiet?.awaits(JSON.stringify(declared.source)) === true) {
        if (!isHeld) parts.onHeld?.();
        isHeld = true;
        return shown ?? before;
      }
      isHeld = false;
      lastRefusal = undefined;
      parts.quiet?.end();
      const warnings = new Set((declared.warnings ?? []).map(renderProblem));
      for (const warning of warnings) if (!lastWarnings.has(warning)) parts.onWarning(warning);
      lastWarnings = warnings;
      shown = await parts.keeper.accept(declared);
      return shown;
    } catch (error) {
      if (!(error instanceof SpecInvalidError || error instanceof HostFileError)) throw error;
      const refused = refusalFrom(error);
      // Most editors and "cp" empty a file before they fill it: what is wrong for an instant is not told.
      if (shown !== undefined && refused !== lastRefusal && parts.quiet?.awaits(refused) === true) return shown;
      parts.quiet?.end();
      const fallback = parts.keeper.fallback(refused);
      if (fallback === undefined) throw error;
      if (refused !== lastRefusal) parts.onRefused(refused);
      lastRefusal = refused;
      shown = fallback;
      return fallback;
    }
  };
}

/** Whether files that are being written could say so: something is missing, or a line is not complete. */
export function isHalf(next: Pick<Declared, 'source' | 'endsMidLine'>, before: NodePrepSpecSource): boolean {
  if (leavesOut(next.source, before)) return true;
  return next.endsMidLine === true && JSON.stringify(next.source) !== JSON.stringify(before);
}

/** A spec source over files, which keeps the last good spec when a newer one is broken. */
export function createWatchedSpecSource(parts: WatchedSpecParts): SpecSource {
  let tell = () => {};
  const quiet = createQuietMoment({ clock: parts.clock, quietMs: QUIET_MS, onQuiet: () => tell() });
  return {
    current: createSpecReader({ ...parts, quiet }),
    watch: async (onChange) => {
      tell = onChange;
      await parts.watcher.watch(specHints(parts.request), onChange);
      return async () => {
        quiet.end();
        await parts.watcher.close();
      };
    },
  };
}

/** Where a change may mean another spec. */
export function specHints(request: SpecRequest): PathHint[] {
  if (request.files.length > 0) {
    return request.files.filter((file) => file !== '-').map((path) => ({ path, by: 'event' }));
  }
  if (request.profile !== undefined) return [];
  return [
    { path: SPEC_FILE, by: 'event' },
    { path: SPEC_DIRECTORY, by: 'event' },
    { path: CLUSTER_RECORD_PATH, by: 'event' },
  ];
}
