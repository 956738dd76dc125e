/**
 * `nodeprep install` and its inverse: the executable, the spec, the units. Safe to repeat and to
 * break off; what is right already is not touched, what an administrator wrote is kept.
 */
import { posix } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SpecInvalidError } from '../../api/yaml/errors.ts';
import { loadSpec } from '../../api/spec/load.ts';
import type { NodePrep } from '../../api/status/status.ts';
import { DEFAULT_PROFILE } from '../../disk/file-spec-source.ts';
import { readDefaultFiles, readNamedFiles, SPEC_DIRECTORY, SPEC_FILE, type SpecInput } from '../../disk/spec-files.ts';
import { readStatusFile, STATUS_PATH } from '../../disk/status-file.ts';
import type { Host } from '../../host/host.ts';
import type { OwnExecutable } from '../../host/own/own-executable.ts';
import { STATE_DIRECTORY } from '../../reconcile/ledger/ledger.ts';
import type { Machine } from '../machine.ts';
import { requireRoot } from '../privilege.ts';
import { CURRENT } from './layout.ts';
import { NotInstallableError } from './not-installable.ts';
import { assertNothingInTheWay } from './preconditions.ts';
import { installProgram, type OnChange, removeOldBuilds, removeProgram } from './program.ts';
import { renderSpecDocument } from './spec-document.ts';
import { hasSystemd, installUnits, removeUnits, type Started, startUnits } from './service.ts';

/** What to install. */
export interface InstallRequest {
  /** Document for a host without one: a path of the machine the command was typed on. */
  readonly file?: string;
  /** The same from standard input. */
  readonly stdin?: Uint8Array;
  /** Built-in profile for a host without a document. */
  readonly profile?: string;
  /** Whether the units are started now; where no systemd runs they never are. */
  readonly start: boolean;
}

/** What became of it. */
export interface Installed {
  /** Directory of the executable. */
  readonly directory: string;
  /** Build that was current before, such as `0.1.0-9d1c0f7a2b3e`; absent on a host without one. */
  readonly from?: string;
  /** Build that is current now. */
  readonly to: string;
  /** Whether the spec of the host is new; one that was there is never changed. */
  readonly specWritten: boolean;
  /** What people should look at, although it did not keep NodePrep from being installed. */
  readonly warnings: readonly string[];
  /**
   * `running`: it ran already, and nothing was new; `ended`: the bootstrap has run; `waiting`: it goes on; `failed`: its
   * unit failed, the journal says why; `later`: it starts at the next reboot.
   */
  readonly service: Started['outcome'] | 'later';
  /** How the bootstrap of this install ended: 0 ready, 3 ready after a reboot, else not ready. */
  readonly exitCode?: number;
  /** What this install or what runs already reported of the host; an older report is left out. */
  readonly nodePrep?: NodePrep;
}

/** Installs or upgrades. Throws `NotRootError`, `NotInstallableError`, `SpecInvalidError`, `HostFileError`, `CommandError`. */
export async function install(
  machine: Machine,
  own: OwnExecutable | undefined,
  request: InstallRequest,
  onChange: OnChange,
): Promise<Installed> {
  const { host } = machine;
  requireRoot(machine, 'install');
  assertInstallable(own);
  // First, so that a broken document or something in the way leaves the host untouched.
  const warnings: string[] = [];
  const document = await newDocument(machine, request, warnings);
  await assertNothingInTheWay(host, own);

  let changed = false;
  const note = (path: string) => {
    changed = true;
    onChange(path);
  };
  const from = await host.readLink(CURRENT);
  const directory = await installProgram(host, own, note);
  if (document !== undefined) {
    await host.writeFile(SPEC_FILE, document);
    note(SPEC_FILE);
  }
  await installUnits(host, own.asset, note);
  // Last, and no reason to fail: a build that is left over is harmless.
  await removeOldBuilds(host).catch((error: unknown) => warnings.push(`A build before is left: ${messageOf(error)}`));
  const builds = { ...(from === undefined ? {} : { from }), to: posix.basename(directory) };
  const installed = { directory, ...builds, specWritten: document !== undefined, warnings };
  if (!request.start || !(await hasSystemd(host))) return { ...installed, service: 'later' };
  const before = await host.readFile(STATUS_PATH);
  const { outcome, ...ended } = await startUnits(host, changed);
  const isNew = outcome === 'waiting' ? (await host.readFile(STATUS_PATH)) !== before : outcome !== 'failed';
  const { nodePrep } = isNew ? await readStatusFile(host) : {};
  return { ...installed, service: outcome, ...ended, ...(nodePrep === undefined ? {} : { nodePrep }) };
}

/** Removes what `install` brought, and NodePrep's own directories with all that is in them. */
export async function purge(host: Host): Promise<void> {
  await removeUnits(host);
  for (const directory of [SPEC_DIRECTORY, '/etc/nodeprep', STATE_DIRECTORY]) await emptyAndRemove(host, directory);
  await removeProgram(host);
}

function assertInstallable(own: OwnExecutable | undefined): asserts own is OwnExecutable {
  if (own === undefined) {
    throw new NotInstallableError(
      'Cannot install NodePrep: it runs from its sources here, and a host needs the single executable. ' +
        'Run "npm run build", copy dist/nodeprep and dist/libatomic.so.1 to the host and start "./nodeprep install" there.',
    );
  }
  if (!own.path.startsWith('/usr/lib/nodeprep/')) return;
  throw new NotInstallableError(
    'Cannot install NodePrep: it came with a package, which brought the units too. ' +
      'Start them with "systemctl enable --now nodeprep-bootstrap nodeprep".',
  );
}

/**
 * The text for a host that has no spec; `undefined` when it has one, which is kept. Throws `NotInstallableError` when
 * another one was asked for: an installation that looks done while the host is kept at something else misleads.
 */
async function newDocument(machine: Machine, request: InstallRequest, warnings: string[]): Promise<string | undefined> {
  const input = await requestedDocument(machine, request);
  const requested = loadSpec([input], {});
  const present = await readDefaultFiles(machine.host);
  if (present.length === 0) return Buffer.from(input.contents).toString('utf8');
  const asked = request.profile === undefined ? request.file : `--profile ${request.profile}`;
  try {
    const { spec } = loadSpec(present, {});
    if (asked !== undefined && !isDeepStrictEqual(spec, requested.spec)) throw otherSpec(asked, present);
  } catch (error) {
    // On a running host the last good spec stays enforced until this one is fixed; an image has none.
    if (!(error instanceof SpecInvalidError) || !machine.live) throw error;
    if (asked !== undefined) throw otherSpec(asked, present);
    warnings.push(`The spec of this host is broken, and is kept: ${error.message}`);
  }
  return undefined;
}

function otherSpec(asked: string, present: readonly SpecInput[]): NotInstallableError {
  const files = present.map(({ file }) => file).join(', ');
  return new NotInstallableError(
    `Cannot install with "${asked}": this host has a spec of its own (${files}), which declares something else and is never ` +
      'overwritten. Edit or remove that file, or install without this option to keep it; nothing was changed.',
  );
}

async function requestedDocument(machine: Machine, request: InstallRequest): Promise<SpecInput> {
  if (request.file === '-') return { file: '<stdin>', contents: request.stdin ?? new Uint8Array() };
  if (request.file !== undefined) {
    const [input] = await readNamedFiles(machine.here, [request.file]);
    if (input !== undefined) return input;
  }
  const profile = request.profile ?? DEFAULT_PROFILE;
  const file = request.profile === undefined ? SPEC_FILE : '--profile';
  return { file, contents: Buffer.from(renderSpecDocument(profile)) };
}

async function emptyAndRemove(host: Host, directory: string): Promise<void> {
  for (const name of (await host.listDirectory(directory)) ?? []) {
    const path = `${directory}/${name}`;
    // A foreign directory stays, and so does the one around it.
    if ((await host.stat(path))?.type !== 'directory') await host.removeFile(path);
  }
  await host.removeDirectory(directory);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
