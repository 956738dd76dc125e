/** Entry point: connects the process to the command line, and is the only file that ends it. */
import type { Io } from './cli/io.ts';
import { versionLine } from './cli/output/version-line.ts';
import { takesColor } from './cli/terminal.ts';

const argv = process.argv.slice(2);

const stop = new AbortController();

// What is done to the host does not depend on a reader: after a closed pipe ("| head -1"), a lost connection or a full
// disk the work goes on to its end, and the exit code is that of the result. Only a watch has no reader then.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => {
    if (argv[0] === 'status') stop.abort();
  });
}

const version = versionLine(argv);
if (version === undefined) void start();
else process.stdout.write(version);

/** Everything else is loaded here and not above, so that `version` starts as fast as Node does. */
async function start(): Promise<void> {
  // Until the daemon listens it has not read the spec either; without a listener the signal would end it.
  if (argv[0] === 'run') process.on('SIGHUP', () => {});
  // What ps and journald show; without it every Node is a "node-MainThread".
  process.title = ['nodeprep', ...argv.slice(0, 1)].join(' ');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const io: Io = {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    readStdin: async () => (await import('./cli/read-stdin.ts')).readStdin(process.stdin),
    color: takesColor(process.stdout.isTTY === true, process.env),
    columns: process.stdout.isTTY === true ? process.stdout.columns : 160,
    signal: stop.signal,
    onHangup: (listener) => {
      process.on('SIGHUP', listener);
      return () => process.off('SIGHUP', listener);
    },
    exit: (code) => {
      process.exitCode = code;
    },
  };
  const { runCli } = await import('./cli/run-cli.ts');
  await runCli(argv, io);
}
