/**
 * The log: constant messages with fields. In a service each fact is one line of JSON, under
 * journald with the priority in front; on a terminal it is one readable line. Logging never
 * throws, never lets a value start a new line, and leaves out what looks like a credential.
 */
import { ownOutput } from '../../host/own-output.ts';
import { escapeControls, redact } from './redact.ts';
import { type LogValue, logFieldsFrom } from './fields.ts';

/** Levels from the most to the least talkative. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Facts that vary; the message stays constant so that it can be searched for. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one fact at a level. */
export interface Logger {
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
}

/** Where the log goes; taken from the process unless told otherwise. */
export interface LoggerOptions {
  readonly stream?: { readonly write: (text: string) => unknown; readonly isTTY?: boolean };
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly level?: LogLevel;
  readonly now?: () => Date;
}

/** How syslog and journald number the levels, sd-daemon(3). */
const PRIORITY: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 };
const COLOR: Readonly<Record<LogLevel, string>> = { debug: '2', info: '32', warn: '33', error: '31' };

/** The logger of this process. `NODEPREP_LOG_LEVEL` sets the level, `NO_COLOR` switches colour off. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const stream = options.stream ?? ownOutput();
  const env = options.env ?? process.env;
  const now = options.now ?? (() => new Date());
  const threshold = LOG_LEVELS.indexOf(options.level ?? levelFrom(env['NODEPREP_LOG_LEVEL']));
  // A terminal started by the desktop's systemd inherits JOURNAL_STREAM, so the terminal is asked first.
  const isTerminal = stream.isTTY === true;
  const isJournal = !isTerminal && (env['JOURNAL_STREAM'] ?? '') !== '';
  const hasColor = isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';

  const log =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (LOG_LEVELS.indexOf(level) < threshold) return;
      try {
        const fact = { time: now(), level, message: redact(message), fields: logFieldsFrom(fields) };
        const line = isTerminal ? renderForTerminal(fact, hasColor) : renderAsJson(fact);
        stream.write(`${isJournal ? `<${PRIORITY[level]}>` : ''}${line}\n`);
      } catch {
        // Nothing can be told to anybody when the log itself fails; host work goes on.
      }
    };
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
}

interface Fact {
  readonly time: Date;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, LogValue>>;
}

function levelFrom(name: string | undefined): LogLevel {
  return LOG_LEVELS.find((level) => level === name?.toLowerCase()) ?? 'info';
}

function renderAsJson({ time, level, message, fields }: Fact): string {
  const own: Record<string, LogValue> = { time: time.toISOString(), level, message };
  for (const [name, value] of Object.entries(fields)) own[name in own ? `${name}_` : name] = value;
  // JSON leaves C1 controls and the Unicode line ends as they are. Inside a JSON string they become \u escapes.
  return JSON.stringify(own).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function renderForTerminal({ time, level, message, fields }: Fact, hasColor: boolean): string {
  const paint = (code: string, text: string) => (hasColor ? `\u001b[${code}m${text}\u001b[0m` : text);
  const clock = time.toISOString().replace('T', ' ').slice(0, 19);
  const facts = Object.entries(fields).map(
    ([name, value]) => `${paint('2', `${escapeControls(name)}=`)}${escapeControls(wordFrom(value))}`,
  );
  const head = `${clock} ${paint(COLOR[level], level.toUpperCase().padEnd(5))} ${escapeControls(message)}`;
  return [head, ...facts].join(' ');
}

function wordFrom(value: LogValue): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
