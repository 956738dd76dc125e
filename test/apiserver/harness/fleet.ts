/**
 * Many agents in one process: the real client and the real writers of each node, every one with a connection of its
 * own, around a host that is only pretended. What is asked of the API server is written down with its time.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { loadSpec } from '../../../src/api/spec/load.ts';
import type { NodePrepStatus } from '../../../src/api/status/status.ts';
import { type Agent, createAgent } from '../../../src/kubernetes/agent.ts';
import type { ApiClient } from '../../../src/kubernetes/client.ts';
import type { ClusterRecord } from '../../../src/kubernetes/ports.ts';
import { createApiClient } from '../../../src/kubernetes/transport/create-api-client.ts';
import type { NodeReport, SpecSnapshot } from '../../../src/reconcile/report/node-report.ts';
import type { AreaReport } from '../../../src/reconcile/report/report.ts';

/** One request of one agent. */
export interface Asked {
  readonly atMs: number;
  readonly node: string;
  readonly method: string;
  readonly path: string;
}

/** A fleet that runs. */
export interface Fleet {
  readonly nodes: readonly string[];
  readonly asked: readonly Asked[];
  readonly stop: () => Promise<void>;
}

/** What the local file of every host says. */
const LOCAL = loadSpec([
  {
    file: 'nodeprep.yaml',
    contents: 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec: {profile: kubeadm-worker, mode: Enforce}\n',
  },
]);

/** Starts agents for so many nodes at once, as a DaemonSet on a cluster that was powered on does. */
export function startFleet(kubeconfig: string, count: number): Fleet {
  const nodes = Array.from({ length: count }, (_, index) => `fleet-${index + 1}`);
  const asked: Asked[] = [];
  const ended = new AbortController();
  const running = nodes.map(async (node) => {
    const client = observed(createApiClient({ userAgent: 'nodeprep/fleet', kubeconfig }), node, asked);
    try {
      await runNode(node, client, ended.signal);
    } finally {
      await client.close();
    }
  });
  return {
    nodes,
    asked,
    stop: async () => {
      ended.abort();
      await Promise.allSettled(running);
    },
  };
}

function observed(client: ApiClient, node: string, asked: Asked[]): ApiClient {
  const note = (method: string, path: string) => asked.push({ atMs: performance.now(), node, method, path });
  return {
    close: client.close,
    send: (request, signal) => {
      note(request.method, request.path);
      return client.send(request, signal);
    },
    watch: (request, signal) => {
      note('WATCH', request.path);
      return client.watch(request, signal);
    },
  };
}

async function runNode(node: string, client: ApiClient, signal: AbortSignal): Promise<void> {
  let record: ClusterRecord = {};
  const silent = () => undefined;
  const agent = createAgent(
    {
      log: { debug: silent, info: silent, warn: silent, error: silent },
      local: {
        read: async () => ({ kind: 'document', origin: 'files', title: 'nodeprep.yaml', ...LOCAL }),
        watch: async () => async () => undefined,
      },
      store: { read: () => record, write: async (next) => void (record = next) },
      beyondLimits: async () => undefined,
      observer: { onRequest: silent, onContact: silent, onConnected: silent },
      clock: () => performance.now(),
      now: () => new Date(),
      random: Math.random,
    },
    { client, node, taint: undefined, leaseNamespace: 'nodeprep-system', nodeLabels: [] },
  );
  await Promise.all([agent.run(signal), pretendHost(agent, signal)]);
}

/** Applies every new spec in half a second, reporting before and after as the loop of a real host does. */
async function pretendHost({ source, sinks }: Agent, signal: AbortSignal): Promise<void> {
  let wake: () => void = () => undefined;
  let isNews = true;
  const unwatch = await source.watch(() => {
    isNews = true;
    wake();
  });
  const publish = async (report: NodeReport) => {
    for (const sink of sinks) await sink.publish(report, signal);
  };
  let revision: string | number | undefined;
  while (!signal.aborted) {
    if (!isNews) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      continue;
    }
    isNews = false;
    const snapshot = await source.current();
    if (snapshot.absent !== undefined) continue;
    const next = snapshot.revision ?? snapshot.generation;
    if (next !== revision) {
      await publish({ ...reportOf(snapshot, 'Applying'), unfinished: true });
      await pause(500, undefined, { signal }).catch(() => undefined);
    }
    await publish(reportOf(snapshot, next === revision ? 'Seen' : 'Applied'));
    revision = next;
  }
  await unwatch();
}

function reportOf(snapshot: SpecSnapshot, stage: 'Applying' | 'Applied' | 'Seen'): NodeReport {
  const isReady = stage !== 'Applying';
  const condition = {
    message: isReady ? 'Everything is as declared.' : 'Changes are being made.',
    lastTransitionTime: new Date().toISOString(),
    observedGeneration: snapshot.generation,
  };
  const conditions = [
    { type: 'Ready', status: isReady ? 'True' : 'False', reason: isReady ? 'AsExpected' : 'Applying', ...condition },
    {
      type: 'Progressing',
      status: isReady ? 'False' : 'True',
      reason: isReady ? 'Reconciled' : 'Applying',
      ...condition,
    },
  ] as unknown as NodePrepStatus['conditions'];
  const change = { action: 'update', target: 'vm.swappiness', from: '60', to: '10', scope: 'live' } as const;
  const area: AreaReport = {
    ...{ area: 'sysctls', mode: 'Enforce', managed: true, entries: [], drift: [], remaining: [], deferred: [] },
    ...{ blocked: [], conflicts: [], contested: [], failures: [], left: [], seconds: 0.01 },
    applied: stage === 'Applied' ? [{ ...change, disruption: 'None' }] : [],
  };
  return {
    ...{ snapshot, cause: 'spec', visited: ['sysctls'], areas: [area], conditions, repairs: [], seconds: 0.01 },
    status: {
      observedGeneration: snapshot.generation,
      mode: 'Enforce',
      entries: 0,
      inSyncEntries: 0,
      inSync: isReady ? '12/12' : '11/12',
      conditions,
      areas: [],
    },
  };
}
