/** What can be chosen about the log; apart from the log itself, because every command line knows the choices. */

/** Levels from the most to the least talkative. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How facts are written: `text` for people, `json` for programs, `auto` is text in the journal and on a terminal. */
export const LOG_FORMATS = ['auto', 'text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
