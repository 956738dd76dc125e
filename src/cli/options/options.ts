/** Options that several commands share, worded once. */
import { isAbsolute, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_PROFILE } from '../../disk/file-spec-source.ts';
import { SPEC_DIRECTORY, SPEC_FILE } from '../../disk/spec-files.ts';

/** Output formats of every command that reports. */
export const OUTPUT_FORMATS = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** A command with examples under its help. */
export function command(name: string, summary: string, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  $ nodeprep ${example}`).join('\n');
  return new Command(name).description(summary).addHelpText('after', `\nExamples:\n${lines}`);
}

/** Adds `--file`, `--profile`, `--root` and `--host-root`. */
export function withSpec(target: Command): Command {
  return withRoot(
    target
      .addOption(
        new Option('-f, --file <file>', 'spec file, repeatable, "-" for standard input')
          .argParser((value: string, all: readonly string[]) => [...all, value === '-' ? value : absolute(value)])
          .default([], `${SPEC_FILE} and ${SPEC_DIRECTORY}/*.yaml`),
      )
      .option('--profile <name>', `built-in profile (default: "${DEFAULT_PROFILE}" when the host has no spec file)`),
  );
}

/** Adds `--root` and `--host-root`. */
export function withRoot(target: Command): Command {
  return target
    .addOption(
      new Option('--root <directory>', 'work on a directory instead of /: an image, or the captured files of a host')
        .argParser(parseRoot)
        .default('/', 'this machine'),
    )
    .addOption(
      new Option('--host-root <directory>', 'in a container: where all of "/" of the running host is mounted')
        .argParser(parseRoot)
        .env('NODEPREP_HOST_ROOT'),
    )
    .hook('preAction', (_, chosen) => {
      if (chosen.getOptionValueSource('root') !== 'cli') return;
      if (chosen.getOptionValueSource('hostRoot') === 'cli') {
        chosen.error("error: option '--root <directory>' cannot be used with option '--host-root <directory>'");
      }
      // The environment is the container's default; a directory on the command line goes before it.
      chosen.setOptionValue('hostRoot', undefined);
    });
}

/** Adds `--output`. */
export function withOutput(target: Command): Command {
  return target.addOption(
    new Option('-o, --output <format>', 'output format').choices(OUTPUT_FORMATS).default('table'),
  );
}

/** Adds `--timeout` with a default in seconds. */
export function withTimeout(target: Command, fallback: string): Command {
  return target.addOption(
    new Option(
      '--timeout <duration>',
      'when to stop, between two steps; no command runs longer either; such as 90s or 5m',
    )
      .argParser(parseDuration)
      .default(parseDuration(fallback), fallback),
  );
}

/** `90s`, `5m`, `1h`, `500ms` or plain seconds, as milliseconds. Throws `InvalidArgumentError`. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,7}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected a duration such as 500ms, 90s, 5m or 1h.');
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? 's'] ?? 1000;
  return Math.min(Number(match[1]) * unit, 24 * 3_600_000);
}

/** A TCP port; 0 means off. Throws `InvalidArgumentError`. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError('Expected a port from 1 to 65535, or 0 for off.');
  return port;
}

/** The directory that stands for a host, in one spelling. Throws `InvalidArgumentError`. */
export function parseRoot(text: string): string {
  // An unset variable must never turn an image into the directory of the shell, which may be "/".
  if (text === '') throw new InvalidArgumentError('Expected a directory; "/" is this machine.');
  return resolve(text);
}

/** Hosts take absolute paths only; a relative one is meant from where the command was typed. */
function absolute(path: string): string {
  return isAbsolute(path) ? path : resolve(path);
}
