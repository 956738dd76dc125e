/**
 * The spec that was last received from a cluster, on disk: it is enforced while the API server is
 * away, and by everything on this host that works without a cluster, such as the unit before the
 * kubelet. The NodePrep of the node is the truth once there is one, not the files of the host.
 */
import { SpecInvalidError } from '../api/yaml/errors.ts';
import { type LoadedObject, loadObject } from '../api/spec/load-object.ts';
import { currentSource } from '../api/spec/earlier-builds.ts';
import { API_VERSION } from '../api/spec/nodeprep.ts';
import { HostFileError } from '../host/errors.ts';
import type { Host, HostReader } from '../host/host.ts';
import { STATE_DIRECTORY } from '../reconcile/ledger/ledger.ts';
import { readRecord, setAside } from '../reconcile/ledger/record.ts';
import { beyondLimitsOf } from './host-limits.ts';

/** Where the record is; `nodeprep uninstall` removes it. */
export const CLUSTER_RECORD_PATH = `${STATE_DIRECTORY}/cluster.json`;
const KIND = 'ClusterSpec';
const VERSION = 1;

/** What a host remembers of its cluster, as plain data. */
export interface ClusterRecordFile {
  readonly content: Readonly<Record<string, unknown>>;
  /** Set when an unusable record was kept aside. */
  readonly warning?: string;
}

/** Opens the record for an agent; one that cannot be used is kept aside. */
export async function openClusterRecord(host: Host, now: Date): Promise<ClusterRecordFile> {
  try {
    const record = await readRecord(host, CLUSTER_RECORD_PATH, KIND, VERSION);
    if (record.problem === undefined) return { content: record.content ?? {} };
    return { content: {}, warning: await setAside(host, CLUSTER_RECORD_PATH, record.problem, now) };
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    return { content: {}, warning: error.message };
  }
}

/** Replaces the record in one atomic step. Throws `HostFileError`. */
export async function writeClusterRecord(host: Host, node: string, content: object): Promise<void> {
  const text = `${JSON.stringify({ ...content, kind: KIND, version: VERSION, node }, undefined, 1)}\n`;
  await host.writeFile(CLUSTER_RECORD_PATH, text, { mode: 0o600 });
}

/** The spec in the record; `undefined` when there is none, its object was deleted, or it may or can not be used. */
export async function readClusterSpec(host: HostReader): Promise<LoadedObject | undefined> {
  const { content } = await readRecord(host, CLUSTER_RECORD_PATH, KIND, VERSION);
  const object = content?.['object'] as { source?: unknown; isDeleted?: unknown } | null | undefined;
  if (typeof object !== 'object' || object === null || object.isDeleted !== false) return undefined;
  const document = {
    apiVersion: API_VERSION,
    kind: 'NodePrep',
    metadata: { name: content?.['node'] },
    spec: currentSource(object.source),
  };
  try {
    const loaded = loadObject(document, CLUSTER_RECORD_PATH);
    const breach = await beyondLimitsOf(host, loaded.spec, CLUSTER_RECORD_PATH);
    // It was within the limits when it was received; a mistake in them since does not undo that.
    return breach?.isCertain === true ? undefined : loaded;
  } catch (error) {
    // A spec of another release that this one would refuse: the files decide again.
    if (error instanceof SpecInvalidError) return undefined;
    throw error;
  }
}
