/** Joins the daemon with a cluster: what `run --kube` adds. Loaded only then. */
import type { Taint } from '../../api/names/taints.ts';
import { type ClusterRecordFile, openClusterRecord, writeClusterRecord } from '../../disk/cluster-record.ts';
import { beyondLimitsOf } from '../../disk/host-limits.ts';
import { HostFileError } from '../../host/errors.ts';
import type { Host } from '../../host/host.ts';
import { type Agent, createAgent } from '../../kubernetes/agent.ts';
import type { ApiClient } from '../../kubernetes/client.ts';
import type { RecordStore, ClusterRecord, ExchangeObserver } from '../../kubernetes/ports.ts';
import { createApiClient } from '../../kubernetes/transport/create-api-client.ts';
import type { SpecRequest } from '../../disk/file-spec-source.ts';
import type { Logger } from '../../telemetry/log/logger.ts';
import { createLocalSpec } from './local-spec.ts';
import type { Machine } from '../machine.ts';
import { VERSION } from '../version.ts';

/** How the cluster is found and what this node is in it. */
export interface ClusterOptions {
  /** Path of a kubeconfig; absent means as kubectl finds it, in a pod its service account. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Name of the Node and of its NodePrep. */
  readonly node: string;
  /** Document that is registered when the host has no spec file. */
  readonly defaultFile?: string;
  /** The start-up taint to take off, `undefined` for none. */
  readonly taint: Taint | undefined;
  /** Where the Lease of the node is. */
  readonly leaseNamespace: string;
  /** Keys of labels of the Node that its NodePrep gets as well. */
  readonly nodeLabels: readonly string[];
}

/** What the daemon gives. */
export interface ClusterParts {
  readonly machine: Machine;
  readonly request: SpecRequest;
  readonly logger: Logger;
  readonly observer: ExchangeObserver;
  readonly client: ApiClient;
}

/** The agent of this node. */
export interface Cluster extends Pick<Agent, 'source' | 'sinks'> {
  /** Works beside the loop until aborted; returns how to end it. */
  readonly start: (signal: AbortSignal) => () => Promise<void>;
}

/** The connection of this process to the API server; nothing is opened before it is used. */
export function connectCluster({ kubeconfig, context }: ClusterOptions): ApiClient {
  return createApiClient({
    userAgent: `nodeprep/${VERSION}`,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
}

/** Makes the agent; nothing is sent before it runs. */
export async function joinCluster(parts: ClusterParts, options: ClusterOptions): Promise<Cluster> {
  const { machine, request, logger, observer, client } = parts;
  const { node, defaultFile, taint, leaseNamespace, nodeLabels } = options;
  const record = await openClusterRecord(machine.host, machine.now());
  if (record.warning !== undefined) logger.warn(record.warning);
  const agent = createAgent(
    {
      log: logger,
      local: createLocalSpec(machine, request, defaultFile),
      store: createStore(machine.host, node, record, logger),
      beyondLimits: (spec, called) => beyondLimitsOf(machine.host, spec, called),
      observer,
      clock: machine.clock,
      now: machine.now,
      random: Math.random,
    },
    { client, node, taint, leaseNamespace, nodeLabels },
  );
  return {
    source: agent.source,
    sinks: agent.sinks,
    start: (signal) => {
      const ended = new AbortController();
      // A bug here is logged and ends reporting to the cluster; the loop that keeps the host goes on.
      const running = agent
        .run(AbortSignal.any([signal, ended.signal]))
        .catch((error: unknown) => logger.error('The agent has stopped talking to the API server', { error }));
      return async () => {
        ended.abort();
        await running;
      };
    },
  };
}

/** A record of another node would be that of the machine this disk was copied from. */
function createStore(host: Host, node: string, file: ClusterRecordFile, logger: Logger): RecordStore {
  const { content } = file;
  if (content['node'] !== undefined && content['node'] !== node)
    logger.warn('The record of the cluster is of another node and is not used', { record: content['node'], node });
  let record: ClusterRecord = content['node'] === node ? recordFrom(content) : {};
  return {
    read: () => record,
    write: async (next) => {
      record = next;
      try {
        await writeClusterRecord(host, node, next);
      } catch (error) {
        if (!(error instanceof HostFileError)) throw error;
        logger.warn('Record could not be written', { problem: error.message });
      }
    },
  };
}

/** The spec itself is checked when it is used; a part of another shape is left out. */
function recordFrom(content: Readonly<Record<string, unknown>>): ClusterRecord {
  const object = content['object'] as Partial<NonNullable<ClusterRecord['object']>> | null | undefined;
  const applied = content['applied'] as Partial<NonNullable<ClusterRecord['applied']>> | null | undefined;
  const history = content['history'] as ClusterRecord['history'] | null | undefined;
  const [version, definition] = [history?.version, history?.definition];
  const isObject =
    typeof object?.uid === 'string' && typeof object.generation === 'number' && typeof object.isDeleted === 'boolean';
  const isApplied =
    typeof applied?.uid === 'string' && typeof applied.digest === 'string' && Array.isArray(applied.refused);
  return {
    ...(isObject ? { object: object as NonNullable<ClusterRecord['object']> } : {}),
    ...(isApplied ? { applied: applied as NonNullable<ClusterRecord['applied']> } : {}),
    history: {
      ...(typeof version === 'string' ? { version } : {}),
      ...(typeof definition === 'string' ? { definition } : {}),
    },
  };
}
