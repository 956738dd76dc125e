import { type Command, Option } from 'commander';
import { openMachine } from '../../app/machine.ts';
import { RESYNC_MS } from '../../reconcile/loop/loop.ts';
import { type ClusterChoice, clusterOptionsFrom, withCluster } from '../options/cluster-options.ts';
import { type Io, type SpecOptions, specRequestFrom } from '../io.ts';
import { type LogChoice, loggerFrom, withLog } from '../options/log-options.ts';
import { type EndpointChoice, endpointFrom, withMetrics } from '../options/metrics-options.ts';
import { command, parseDuration, withSpec } from '../options/options.ts';

type Options = SpecOptions & ClusterChoice & EndpointChoice & LogChoice & { resync: number };

/** `nodeprep run`: the daemon. */
export function runCommand(io: Io): Command {
  const base = command('run', 'Keep this machine as declared until stopped (the daemon)', [
    'run',
    'run --file /etc/nodeprep/nodeprep.yaml --metrics-port 0',
    'run --kube --kubeconfig /etc/kubernetes/kubelet.conf',
    'run --kube --node-name worker-1 --default-file /etc/nodeprep/default.yaml',
    'run --kube --metrics-bind-address :9753 --metrics-cert-path /etc/nodeprep/serving',
  ]);
  return withLog(withMetrics(withCluster(withSpec(base))))
    .addOption(
      new Option('--resync <duration>', 'how often everything is looked at again without any event')
        .argParser(parseDuration)
        .default(RESYNC_MS, '5m'),
    )
    .addHelpText(
      'after',
      '\nSIGTERM and SIGINT stop it cleanly; SIGHUP or a changed file reads the spec again; SIGHUP also ends fights over values.',
    )
    .action(async (options: Options) => {
      // Watching and metrics are loaded for the daemon only: other commands start faster without them.
      const { runDaemon } = await import('../../app/daemon/daemon.ts');
      const machine = openMachine(options);
      const request = await specRequestFrom(options, io);
      const cluster = await clusterOptionsFrom(options, machine);
      await runDaemon(
        machine,
        {
          request,
          rank: cluster === undefined && options.hostRoot === undefined ? 'host' : 'cluster',
          endpoint: endpointFrom(options),
          resyncMs: Math.max(options.resync, 1000),
          logger: await loggerFrom(options),
          onReload: io.onHangup,
          ...(cluster === undefined ? {} : { cluster }),
        },
        io.signal,
      );
      io.exit(0);
    });
}
