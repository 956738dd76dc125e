/**
 * A sysctl.d file as its two readers see it. They agree on ordinary files and differ on odd ones:
 * systemd-sysctl ends lines at LF, CR and NUL and gives up on a file at a line of 1 MiB; procps
 * ends lines at LF only and ignores the rest of a line after a NUL.
 */
import { keyPathFrom } from '../values/key-path.ts';

/** The two programs that read the sysctl.d chain. */
export type Reader = 'systemd' | 'procps';
/** Both, the one of the boot first. */
export const READERS: readonly Reader[] = ['systemd', 'procps'];

/** One effective line. Without `value` it only takes its keys out of patterns (`-net.ipv4.conf.all.rp_filter`). */
export interface Assignment {
  readonly keyPath: string;
  readonly value?: string;
  readonly line: number;
}

/** What a reader takes from a file. */
export interface ParsedConf {
  readonly assignments: readonly Assignment[];
  /** The line at which the reader gave up. */
  readonly stoppedAt?: number;
}

const LONGEST_LINE = 1024 * 1024;

/** Parses a file whose characters are its bytes. */
export function parseConf(bytes: string, reader: Reader): ParsedConf {
  const lines = reader === 'systemd' ? bytes.split(/\r\n|\n\r|[\n\r\0]/) : bytes.split('\n');
  const assignments: Assignment[] = [];
  for (const [at, text] of lines.entries()) {
    if (reader === 'systemd' && text.length >= LONGEST_LINE) return { assignments, stoppedAt: at + 1 };
    const parsed = parseLine(reader === 'procps' ? (text.split('\0', 1)[0] as string) : text, reader);
    if (parsed !== undefined) assignments.push({ ...parsed, line: at + 1 });
  }
  return { assignments };
}

function parseLine(text: string, reader: Reader): Omit<Assignment, 'line'> | undefined {
  const line = strip(text);
  if (line.length < 2 || line.startsWith('#') || line.startsWith(';')) return undefined;
  const equals = line.indexOf('=');
  const isMarked = line.startsWith('-');
  if (equals < 0 && !isMarked) return undefined;
  const spelling = line.slice(isMarked ? 1 : 0, equals < 0 ? undefined : equals);
  // procps does not skip spaces between the mark and the key, so such a key exists nowhere.
  if (reader === 'procps' && /^[ \t]/.test(spelling)) return undefined;
  const keyPath = keyPathFrom(decoded(strip(spelling)));
  if (keyPath === '') return undefined;
  return equals < 0 ? { keyPath } : { keyPath, value: decoded(strip(line.slice(equals + 1))) };
}

function strip(text: string): string {
  return text.replace(/^[ \t\n\v\f\r]+/, '').replace(/(?<![ \t\n\v\f\r])[ \t\n\v\f\r]+$/, '');
}

function decoded(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
