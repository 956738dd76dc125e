/**
 * The agent of a node: everything between the engine and the API server. It gives the loop a spec
 * source and sinks; what it sends and follows runs beside the loop, and nothing in it ever stops or
 * delays the work on the host.
 */
import type { Taint } from '../api/names/taints.ts';
import type { ReportSink, SpecSource } from '../reconcile/report/node-report.ts';
import type { ApiClient } from './client.ts';
import { ClusterSpecSource } from './spec/cluster-spec-source.ts';
import { EventWriter } from './report/event-writer.ts';
import { NodeWriter } from './report/node-writer.ts';
import { createHeldCheck } from './registration/held-check.ts';
import { createLabelWriter } from './report/label-writer.ts';
import { createLeaseWriter } from './report/lease-writer.ts';
import { createOwnNodeView } from './object/own-node.ts';
import { createObjectMirror } from './object/object-mirror.ts';
import { observedClient } from './observed-client.ts';
import type { AgentPorts } from './ports.ts';
import { Registrar } from './registration/registrar.ts';
import { StatusWriter } from './report/status-writer.ts';

/** What the loop gets, and how the agent itself runs. */
export interface Agent {
  readonly source: SpecSource;
  readonly sinks: readonly ReportSink[];
  /** Works until aborted; rejects only for a bug. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** How the agent works. */
export interface AgentOptions {
  readonly client: ApiClient;
  readonly node: string;
  /** The start-up taint to take off, `undefined` for none. */
  readonly taint: Taint | undefined;
  /** Where the Lease of the node is. */
  readonly leaseNamespace: string;
  /** Keys of labels of the Node that its NodePrep gets as well. */
  readonly nodeLabels: readonly string[];
}

/** An agent that sends nothing before `run`. */
export function createAgent(ports: AgentPorts, options: AgentOptions): Agent {
  const { node } = options;
  const client = observedClient(options.client, ports.observer);
  const seams = { clock: ports.clock, random: ports.random };
  const { log, store } = ports;
  const mirror = createObjectMirror({ client, node, log, seams, store, onConnected: ports.observer.onConnected });
  const parts = { ...ports, ...options, client, mirror, ownNode: createOwnNodeView() };
  const registrar = new Registrar(parts);
  const events = new EventWriter(parts);
  const status = new StatusWriter({ ...parts, tell: events.tell });
  const nodeWriter = new NodeWriter(parts);
  const beside = [createLeaseWriter(parts), createLabelWriter(parts), createHeldCheck(parts)];
  return {
    source: new ClusterSpecSource({ ...parts, registrar }),
    sinks: [status, events, nodeWriter],
    run: async (signal) => {
      await Promise.all([mirror, registrar, status, events, nodeWriter, ...beside].map((part) => part.run(signal)));
    },
  };
}
