#!/usr/bin/env node
/** Entry point: connects the process to the command line, and is the only file that ends it. */
import { buffer } from 'node:stream/consumers';
import type { Io } from './cli/io.ts';
import { runCli } from './cli/run-cli.ts';

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

// A closed pipe ("nodeprep plan | head") is the reader's wish, not an error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(process.exitCode ?? 0);
  });
}

const io: Io = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  readStdin: () => buffer(process.stdin),
  color: process.stdout.isTTY === true && !('NO_COLOR' in process.env && process.env['NO_COLOR'] !== ''),
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

await runCli(process.argv.slice(2), io);
