/**
 * The spec before there is a cluster: from files, or from a built-in profile. A good spec is kept in
 * `/var/lib/nodeprep/spec.json`; when the files are broken or gone later, that one stays enforced.
 */
import { type Problem, SpecInvalidError } from '../api/yaml/errors.ts';
import { currentSource } from '../api/spec/earlier-builds.ts';
import { loadSpec } from '../api/spec/load.ts';
import { API_VERSION, type NodePrepSpecSource } from '../api/spec/nodeprep.ts';
import type { Host, HostReader } from '../host/host.ts';
import { HostFileError } from '../host/errors.ts';
import { STATE_DIRECTORY } from '../reconcile/ledger/ledger.ts';
import type { SpecSnapshot } from '../reconcile/report/node-report.ts';
import { readRecord, setAside } from '../reconcile/ledger/record.ts';
import { readClusterSpec } from './cluster-record.ts';
import { readDefaultFiles, readNamedFiles, type SpecInput } from './spec-files.ts';

/** The spec that was last accepted, with its generation. */
export const LAST_GOOD_PATH = `${STATE_DIRECTORY}/spec.json`;
const LAST_GOOD_VERSION = 1;

/** Built-in profile of a host without spec files. */
export const DEFAULT_PROFILE = 'kubeadm-worker';

const STDIN = '<stdin>';
const LINE_END = 0x0a;

/** Where a spec comes from. */
export interface SpecRequest {
  /** Named files; none means the default files of the host. */
  readonly files: readonly string[];
  /** What was read from standard input, for `-` among the files. */
  readonly stdin?: Uint8Array;
  readonly profile?: string;
}

/** What was declared, before it gets a generation. */
export interface Declared {
  readonly name?: string;
  readonly spec: SpecSnapshot['spec'];
  readonly source: NodePrepSpecSource;
  /** What is valid and most likely not meant. */
  readonly warnings?: readonly Problem[];
  /** A file ends in the middle of a line, as one does that is being written. */
  readonly endsMidLine?: boolean;
  /** False when the built-in profile stands in for missing files. */
  readonly fromFiles: boolean;
  /** The record of the cluster declared it, not the host. */
  readonly fromCluster?: true;
}

/**
 * Reads and checks the spec. Named files are paths of `machine` (the machine of the person who
 * typed them); default files are those of `host`, which `--root` can make another one. When nothing
 * is named, the spec last received from a cluster comes before the default files.
 * Throws `SpecInvalidError` or `HostFileError`.
 */
export async function readSpec(machine: HostReader, host: HostReader, request: SpecRequest): Promise<Declared> {
  const isOpen = request.files.length === 0 && request.profile === undefined;
  const cluster = isOpen ? await readClusterSpec(host) : undefined;
  if (cluster !== undefined) {
    const mayBlock = cluster.spec.bootstrap.onFailure === 'Block' && (await saysBlock(machine, host, request));
    return {
      ...cluster,
      spec: mayBlock ? cluster.spec : neverBlocking(cluster.spec),
      fromFiles: true,
      fromCluster: true,
    };
  }
  return (
    (await readLocalSpec(machine, host, request)) ?? { ...loadSpec([], { profile: DEFAULT_PROFILE }), fromFiles: false }
  );
}

/** Whether the files of the host themselves let the kubelet wait; files that cannot be read do not. */
async function saysBlock(machine: HostReader, host: HostReader, request: SpecRequest): Promise<boolean> {
  try {
    return (await readLocalSpec(machine, host, request))?.spec.bootstrap.onFailure === 'Block';
  } catch (error) {
    refusalFrom(error);
    return false;
  }
}

/** A cluster that holds a kubelet back holds back what could bring it another spec: that is the host's word alone. */
function neverBlocking(spec: SpecSnapshot['spec']): SpecSnapshot['spec'] {
  return { ...spec, bootstrap: { ...spec.bootstrap, onFailure: 'Degrade' } };
}

/** What the host declares by itself, as `readSpec`; `undefined` when it has no file and nothing is named. */
export async function readLocalSpec(
  machine: HostReader,
  host: HostReader,
  request: SpecRequest,
): Promise<Declared | undefined> {
  const inputs = await readInputs(machine, host, request);
  const { profile } = request;
  if (inputs.length === 0 && profile === undefined) return undefined;
  const endsMidLine = inputs.some(({ file, contents }) => file !== STDIN && contents.at(-1) !== LINE_END);
  return { ...loadSpec(inputs, profile === undefined ? {} : { profile }), endsMidLine, fromFiles: inputs.length > 0 };
}

async function readInputs(machine: HostReader, host: HostReader, request: SpecRequest): Promise<SpecInput[]> {
  // A profile named on the command line is meant instead of the host's files, not on top of them.
  if (request.files.length === 0) return request.profile === undefined ? readDefaultFiles(host) : [];
  const inputs: SpecInput[] = [];
  for (const file of request.files) {
    if (file === '-') inputs.push({ file: STDIN, contents: request.stdin ?? new Uint8Array() });
    else inputs.push(...(await readNamedFiles(machine, [file])));
  }
  return inputs;
}

/** Gives accepted specs their generation and keeps the last one on disk. */
export interface SpecKeeper {
  /** The snapshot of a good spec; the generation rises when it differs from the last one. */
  readonly accept: (declared: Declared) => Promise<SpecSnapshot>;
  /** The last good spec with why the newest was refused; `undefined` when there never was one. */
  readonly fallback: (problem: string) => SpecSnapshot | undefined;
  /** The last good spec; `undefined` when there never was one. */
  readonly last: () => SpecSnapshot | undefined;
  /** Whether the last good spec came from files that should still be there. */
  readonly hadFiles: () => boolean;
  /** Set when an unusable record was kept aside. */
  readonly warning?: string;
}

/**
 * Opens the record of the last good spec. `hostName` names a document without `metadata.name`.
 * A record that cannot be written is told to `onProblem`: a good spec is enforced all the same.
 */
export async function openSpecKeeper(
  machine: { readonly host: Host; readonly now: () => Date },
  hostName: string,
  onProblem: (message: string) => void,
): Promise<SpecKeeper> {
  const { host, now } = machine;
  const record = await readRecord(host, LAST_GOOD_PATH, 'LastGoodSpec', LAST_GOOD_VERSION);
  const warning =
    record.problem === undefined ? undefined : await setAside(host, LAST_GOOD_PATH, record.problem, now());
  let written = record.content === undefined ? undefined : `${JSON.stringify(record.content, undefined, 1)}\n`;
  let last = snapshotFrom(record.content);
  let fromFiles = record.content?.['fromFiles'] === true;
  return {
    ...(warning === undefined ? {} : { warning }),
    last: () => last,
    hadFiles: () => fromFiles,
    fallback: (problem) => {
      const refused = `The newest spec is refused, the last good one is enforced: ${problem}`;
      return last === undefined ? undefined : { ...last, refused };
    },
    accept: async (declared) => {
      const name = declared.name ?? hostName;
      const same = last !== undefined && last.name === name && isSameSource(last.source, declared.source);
      const generation = same && last !== undefined ? last.generation : (last?.generation ?? 0) + 1;
      const next = { name, generation, spec: declared.spec, source: declared.source };
      const content = {
        kind: 'LastGoodSpec',
        version: LAST_GOOD_VERSION,
        generation,
        name,
        fromFiles: declared.fromFiles,
        ...(declared.fromCluster === true ? { fromCluster: true } : {}),
        source: declared.source,
      };
      const text = `${JSON.stringify(content, undefined, 1)}\n`;
      if (text !== written) {
        try {
          await host.writeFile(LAST_GOOD_PATH, text, { mode: 0o600 });
          written = text;
        } catch (error) {
          if (!(error instanceof HostFileError)) throw error;
          onProblem(error.message);
        }
      }
      fromFiles = declared.fromFiles;
      last = next;
      return next;
    },
  };
}

/** The spec that the daemon of this host last accepted; `undefined` when there is none that can be used. */
export async function readLastGood(host: HostReader): Promise<SpecSnapshot | undefined> {
  return snapshotFrom((await readRecord(host, LAST_GOOD_PATH, 'LastGoodSpec', LAST_GOOD_VERSION)).content);
}

/** One line about why a spec was refused, for a condition. */
export function refusalFrom(error: unknown): string {
  if (error instanceof SpecInvalidError || error instanceof HostFileError) return error.message;
  throw error;
}

/** Key order carries no meaning, but both sides come from the same parser and keep it. */
function isSameSource(a: NodePrepSpecSource, b: NodePrepSpecSource): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function snapshotFrom(content: Record<string, unknown> | undefined): SpecSnapshot | undefined {
  const { generation, name, source } = content ?? {};
  if (typeof generation !== 'number' || !Number.isInteger(generation) || typeof name !== 'string') return undefined;
  const document = { apiVersion: API_VERSION, kind: 'NodePrep', metadata: { name }, spec: currentSource(source) };
  try {
    const loaded = loadSpec([{ file: LAST_GOOD_PATH, contents: Buffer.from(JSON.stringify(document)) }], {});
    const spec = content?.['fromCluster'] === true ? neverBlocking(loaded.spec) : loaded.spec;
    return { name, generation, spec, source: loaded.source };
  } catch {
    // A spec of an older NodePrep that this one would refuse: the files decide again.
    return undefined;
  }
}
