/** Turns whatever a caller logs into plain, bounded, redacted JSON values; never throws. */
import { isSecretName, redact } from './redact.ts';

/** A value as it goes into a log line. */
export type LogValue = string | number | boolean | null | readonly LogValue[] | { readonly [name: string]: LogValue };

const MAX_DEPTH = 4;
const MAX_MEMBERS = 50;

const wordFrom = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined'));

/** The message of an error and of its causes, in one line. */
export function errorText(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  while (current !== undefined && current !== null && parts.length < 5) {
    const text = current instanceof Error ? current.message || current.name : wordFrom(current);
    // A wrapping error often repeats the message of its cause.
    if (!parts.some((part) => part.includes(text))) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.length === 0 ? wordFrom(error) : parts.join('; caused by: ');
}

/** The loggable form of one value. */
export function logValueFrom(value: unknown, depth = 0): LogValue {
  try {
    return convert(value, depth);
  } catch {
    // A getter, a proxy or toString may throw; a log line must not end the daemon.
    return '(cannot be logged)';
  }
}

function convert(value: unknown, depth: number): LogValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return redact(value);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return '(function)';
  if (value instanceof Error) return redact(errorText(value));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  // Depth also ends circular values.
  if (depth >= MAX_DEPTH) return '(nested too deeply)';
  if (Array.isArray(value) || value instanceof Set) return listFrom([...value], depth);
  const entries = value instanceof Map ? [...value.entries()] : Object.entries(value);
  return recordFrom(
    entries.map(([name, member]) => [String(name), member] as const),
    depth,
  );
}

function listFrom(members: readonly unknown[], depth: number): LogValue {
  const shown = members.slice(0, MAX_MEMBERS).map((member) => logValueFrom(member, depth + 1));
  return members.length > MAX_MEMBERS ? [...shown, `… (${members.length} members)`] : shown;
}

function recordFrom(members: readonly (readonly [string, unknown])[], depth: number): LogValue {
  const shown = members
    .slice(0, MAX_MEMBERS)
    .map(([name, member]): readonly [string, LogValue] => [
      redact(name),
      isSecretName(name) && member !== undefined && member !== null ? 'REDACTED' : logValueFrom(member, depth + 1),
    ]);
  return Object.fromEntries(shown);
}

/** The loggable form of a set of fields; a field that is `undefined` is left out. */
export function logFieldsFrom(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, LogValue>> {
  const result: Record<string, LogValue> = {};
  let names: readonly string[];
  try {
    names = Object.keys(fields);
  } catch {
    return result;
  }
  for (const name of names) {
    let value: unknown;
    try {
      value = fields[name];
    } catch {
      value = '(cannot be logged)';
    }
    if (value !== undefined) result[name] = isSecretName(name) && value !== null ? 'REDACTED' : logValueFrom(value);
  }
  return result;
}
