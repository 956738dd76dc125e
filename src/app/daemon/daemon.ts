/**
 * The daemon: stands by until the host can be taken, manages it until an agent with a better claim
 * asks for it, then stands by again. What outlives these turns is built here: the endpoint and the log.
 */
import type { AreaCounter } from '../../areas/surroundings.ts';
import type { SpecRequest } from '../../disk/file-spec-source.ts';
import { controlPath } from '../../host/hand-over/control.ts';
import { type LockHolder, nameOf, type Rank } from '../../host/hand-over/holder.ts';
import { type HostTurn, type Standby, takeHost } from '../../host/hand-over/take-host.ts';
import type { ApiClient } from '../../kubernetes/client.ts';
import type { ReportSink } from '../../reconcile/report/node-report.ts';
import type { Logger } from '../../telemetry/log/logger.ts';
import type { Probe } from '../../telemetry/metrics/instruments.ts';
import { createMetrics, type Metrics } from '../../telemetry/metrics/metrics.ts';
import type { TelemetryServer } from '../../telemetry/endpoint/server.ts';
import { standbyMetrics } from '../../telemetry/metrics/standby-metrics.ts';
import type { ClusterOptions } from './cluster.ts';
import { hostNameOf, type Machine } from '../machine.ts';
import { manageHost } from './manage.ts';
import { requireRoot } from '../privilege.ts';
import { type Endpoint, serveMetrics } from './serve-metrics.ts';
import { createMemoryRelease } from './release-memory.ts';
import { BUILD, VERSION } from '../version.ts';

/** How the daemon runs. */
export interface DaemonOptions {
  readonly request: SpecRequest;
  /** Whether it is the agent of a cluster, to whom the unit hands the host over. */
  readonly rank: Rank;
  /** Where /metrics, /healthz and /readyz are served. */
  readonly endpoint: Endpoint;
  readonly resyncMs: number;
  readonly logger: Logger;
  /** Calls back when the spec is to be read again (SIGHUP); returns how to stop listening. */
  readonly onReload: (reload: () => void) => () => void;
  /** The cluster whose NodePrep is followed; absent means the files of the host. */
  readonly cluster?: ClusterOptions;
}

/** What is served now: of the host while it is ours, of the waiting while it is not. */
interface Served {
  metrics: Pick<Metrics, 'render' | 'contentType'>;
  standby: Standby | undefined;
}

interface Turn {
  readonly turn: HostTurn;
  readonly served: Served;
  readonly server: TelemetryServer;
  readonly client: ApiClient | undefined;
  readonly memory: ReportSink;
}

/**
 * Keeps the host as declared until aborted, and stands by while another agent does. Throws when it
 * cannot start: `NotRootError`, or a broken spec without a last good one.
 */
export async function runDaemon(machine: Machine, options: DaemonOptions, signal: AbortSignal): Promise<void> {
  const { logger } = options;
  requireRoot(machine, 'run');
  await using stack = new AsyncDisposableStack();
  const me: LockHolder = { pid: process.pid, version: VERSION, command: 'run', rank: options.rank };
  const served: Served = { metrics: standbyMetrics(VERSION, probesOf(machine)), standby: undefined };
  // One connection for the whole life: scrapes are to be checked while the agent stands by, too.
  const client = options.cluster && (await import('./cluster.ts')).connectCluster(options.cluster);
  if (client !== undefined) stack.defer(() => client.close());
  const server = await serve(machine, options, served, client);
  stack.defer(() => server.close());
  const build = BUILD === undefined ? {} : { commit: BUILD.commit };
  logger.info('NodePrep started', { version: VERSION, ...build, root: machine.root, kernel: machine.host.kernel });

  const memory = createMemoryRelease();
  for (let yielded = false; ; yielded = true) {
    const turn = await takeHost(
      {
        ...machine,
        me,
        control: machine.live ? controlPath(machine.root) : undefined,
        yielded,
        random: Math.random,
        onStandby: (standby) => {
          served.standby = standby;
          const data = { behind: nameOf(standby.holder), why: standby.why };
          logger.info(`Standing by behind ${data.behind}: ${data.why}`, {}, data);
        },
        onProblem: (problem) =>
          logger.warn('The host cannot be handed over: no other agent can ask for it', { problem }),
      },
      signal,
    );
    if (turn === undefined) break;
    if (turn.stranger !== undefined) logger.warn(turn.stranger);
    try {
      logger.info(served.standby === undefined ? 'Managing this host' : 'Taking the host over');
      await takeTurn(machine, options, { turn, served, server, client, memory }, signal);
    } finally {
      await turn.release();
    }
    if (signal.aborted) break;
    const to = nameOf(turn.askedBy());
    logger.info(`Handed the host over to ${to}`, {}, { to });
  }
  logger.info('NodePrep stopped', { version: VERSION });
}

/** Manages the host, and serves what is known of it for as long as that is so. */
async function takeTurn(
  machine: Machine,
  options: DaemonOptions,
  { turn, served, server, client, memory }: Turn,
  signal: AbortSignal,
): Promise<void> {
  const metrics = createMetrics({ version: VERSION, probes: probesOf(machine), counters: countersOf(machine) });
  served.metrics = metrics;
  served.standby = undefined;
  try {
    const observer = () => metrics.cluster();
    const connected = client === undefined ? {} : { client };
    await manageHost(
      machine,
      { ...options, ...connected, observer, retire: turn.asked, sinks: [metrics, server, memory] },
      signal,
    );
  } finally {
    served.metrics = standbyMetrics(VERSION, probesOf(machine));
    served.standby = { holder: turn.askedBy(), proven: true, why: 'the host was handed over to it' };
    server.forget();
  }
}

/** What the areas read from the host at every scrape. */
function probesOf({ areas, host }: Pick<Machine, 'areas' | 'host'>): readonly Probe[] {
  return areas.flatMap((area) => area.gauges ?? []).map((gauge) => ({ ...gauge, read: () => gauge.read(host) }));
}

function countersOf({ areas }: Pick<Machine, 'areas'>): readonly AreaCounter[] {
  return areas.flatMap((area) => area.counters ?? []);
}

/** What the endpoint shows changes with the turns; the endpoint itself stays. */
async function serve(
  machine: Machine,
  options: DaemonOptions,
  served: Served,
  client: ApiClient | undefined,
): Promise<TelemetryServer> {
  const metrics = {
    render: () => served.metrics.render(),
    contentType: served.metrics.contentType,
  };
  const standby = () =>
    served.standby && {
      ready: served.standby.proven,
      text: `behind ${nameOf(served.standby.holder)}: ${served.standby.why}`,
    };
  const names = [await hostNameOf(machine.host), ...(options.cluster === undefined ? [] : [options.cluster.node])];
  const parts = { machine, metrics, standby, names, logger: options.logger };
  return serveMetrics(options.endpoint, { ...parts, ...(client === undefined ? {} : { client }) });
}
