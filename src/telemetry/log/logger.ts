/**
 * The log. For people, under journald and on a terminal, each fact is a sentence; for programs, as in a pod, a line of
 * JSON whose message is the same sentence. Logging never throws, never lets a value start a new line, and leaves out what
 * looks like a credential.
 */
import { type OwnOutput, ownOutput, takesColor } from '../../host/own/own-output.ts';
import { escapeControls, redact } from './redact.ts';
import { type LogValue, logFieldsFrom } from './fields.ts';
import { LOG_LEVELS, type LogFormat, type LogLevel } from './levels.ts';

/** Facts that vary. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one fact: `fields` follow the message, `data` is what the message says already, for programs only. */
type Log = (message: string, fields?: LogFields, data?: LogFields) => void;

/** Writes one fact at a level. */
export type Logger = Readonly<Record<LogLevel, Log>>;

/** Where the log goes; taken from the process unless told otherwise. */
export interface LoggerOptions {
  readonly stream?: OwnOutput;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly level?: LogLevel;
  readonly format?: LogFormat;
  readonly now?: () => Date;
}

/** How syslog and journald number the levels, sd-daemon(3). */
const PRIORITY: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 };
const COLOR: Readonly<Record<LogLevel, string>> = { debug: '2', info: '32', warn: '33', error: '31' };

/** Fields that say what happened in a sentence of their own. */
const PROSE: ReadonlySet<string> = new Set(['problem', 'error', 'next', 'later']);

/** The logger of this process. `NODEPREP_LOG_LEVEL` sets the level, `NO_COLOR` switches colour off. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const env = options.env ?? process.env;
  const stream = options.stream ?? ownOutput(env);
  const now = options.now ?? (() => new Date());
  const wished = env['NODEPREP_LOG_LEVEL'] ?? '';
  const fromEnv = LOG_LEVELS.find((level) => level === wished.toLowerCase());
  const threshold = LOG_LEVELS.indexOf(options.level ?? fromEnv ?? 'info');
  const isTerminal = stream.isTTY === true;
  const isJournal = stream.isJournal === true;
  const hasColor = takesColor(isTerminal, env);
  const { format = 'auto' } = options;
  const isJson = format === 'json' || (format === 'auto' && !isTerminal && !isJournal);
  const render = (fact: Fact): string => {
    if (isJson) return renderAsJson(fact);
    // The journal has time and priority of its own.
    return isJournal ? renderSentence(fact, false) : renderWithTime(fact, hasColor);
  };

  const log =
    (level: LogLevel): Log =>
    (message, fields = {}, data = {}) => {
      if (LOG_LEVELS.indexOf(level) < threshold) return;
      try {
        const parts = { fields: logFieldsFrom(fields), data: logFieldsFrom(data) };
        const line = render({ time: now(), level, message: redact(message), ...parts });
        stream.write(`${isJournal ? `<${PRIORITY[level]}>` : ''}${line}\n`);
      } catch {
        // When the log itself fails, host work goes on.
      }
    };
  const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  if (options.level === undefined && wished !== '' && fromEnv === undefined) {
    logger.warn(`NODEPREP_LOG_LEVEL is not one of ${LOG_LEVELS.join(', ')}; "info" is used`, { value: wished });
  }
  return logger;
}

interface Fact {
  readonly time: Date;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, LogValue>>;
  readonly data: Readonly<Record<string, LogValue>>;
}

function renderAsJson({ time, level, message, fields, data }: Fact): string {
  const own: Record<string, LogValue> = { time: time.toISOString(), level, message };
  for (const [name, value] of [...Object.entries(data), ...Object.entries(fields)])
    own[name in own ? `${name}_` : name] = value;
  // JSON leaves C1 controls and the Unicode line ends as they are. Inside a JSON string they become \u escapes.
  return JSON.stringify(own).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function renderWithTime(fact: Fact, hasColor: boolean): string {
  const clock = fact.time.toISOString().replace('T', ' ').slice(0, 19);
  const level = painted(COLOR[fact.level], fact.level.toUpperCase().padEnd(5), hasColor);
  return `${clock} ${level} ${renderSentence(fact, hasColor)}`;
}

function renderSentence({ message, fields }: Fact, hasColor: boolean): string {
  const all = Object.entries(fields);
  const prose = all.flatMap(([name, value]) => (PROSE.has(name) && typeof value === 'string' ? [value] : []));
  const words = all
    .filter(([name, value]) => !PROSE.has(name) || typeof value !== 'string')
    .map(([name, value]) => `${painted('2', `${escapeControls(name)}=`, hasColor)}${escapeControls(wordFrom(value))}`);
  const ended = prose.map((part, at) => (at < prose.length - 1 && !/[.!?]$/.test(part) ? `${part}.` : part));
  const sentence = ended.length === 0 ? message : `${message}: ${ended.join(' ')}`;
  // Several problems of a spec come in lines of their own.
  return [escapeControls(sentence.replaceAll(/\s*\n\s*/g, '; ')), ...words].join(' ');
}

function painted(code: string, text: string, hasColor: boolean): string {
  return hasColor ? `\u001b[${code}m${text}\u001b[0m` : text;
}

function wordFrom(value: LogValue): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
