/** Options of the commands that write a log instead of a result. */
import { type Command, Option } from 'commander';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '../../telemetry/log/levels.ts';
import type { Logger } from '../../telemetry/log/logger.ts';

/** What was chosen about the log. */
export interface LogChoice {
  readonly logLevel?: LogLevel;
  readonly logFormat: LogFormat;
}

/** Adds `--log-level` and `--log-format`. */
export function withLog(target: Command): Command {
  return target
    .addOption(
      new Option(
        '--log-level <level>',
        'least important facts that are logged (default: "info", or what NODEPREP_LOG_LEVEL says)',
      ).choices(LOG_LEVELS),
    )
    .addOption(
      new Option(
        '--log-format <format>',
        'sentences or JSON; auto: sentences in the journal and on a terminal, else JSON',
      )
        .choices(LOG_FORMATS)
        .default('auto'),
    );
}

/** The log as it was chosen. The code for it is loaded here, because most commands write none. */
export async function loggerFrom({ logLevel, logFormat }: LogChoice): Promise<Logger> {
  const { createLogger } = await import('../../telemetry/log/logger.ts');
  return createLogger({ format: logFormat, ...(logLevel === undefined ? {} : { level: logLevel }) });
}
