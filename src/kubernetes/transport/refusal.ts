/** Answers that are errors, as `ApiError`. */
import { plainText } from '../../api/yaml/quote.ts';
import { ApiError } from '../client.ts';

interface Status {
  readonly code?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: { readonly causes?: unknown; readonly retryAfterSeconds?: unknown } | null;
}

const MESSAGE_LENGTH = 1000;
const MAX_CAUSES = 100;

/** The error of an HTTP answer; its body is a Status object, or a page that a proxy wrote. */
export function refusalFrom(
  what: string,
  answer: { readonly status: number; readonly text: string; readonly retryAfter: string | undefined },
  now: number,
): ApiError {
  const status = statusFrom(answer.text);
  const own = status === undefined ? { message: plainText(answer.text.trim(), 200) } : partsFrom(status);
  const retryAfterSeconds = secondsFrom(answer.retryAfter, now) ?? secondsFrom(status?.details?.retryAfterSeconds, now);
  return new ApiError(what, withoutAbsent({ ...own, code: answer.status, retryAfterSeconds }));
}

/** The error of an ERROR event, whose object is a Status. */
export function refusalFromStatus(what: string, object: unknown, now: number): ApiError {
  const status = (typeof object === 'object' && object !== null ? object : {}) as Status;
  const code = typeof status.code === 'number' ? status.code : 500;
  const retryAfterSeconds = secondsFrom(status.details?.retryAfterSeconds, now);
  return new ApiError(what, withoutAbsent({ ...partsFrom(status), code, retryAfterSeconds }));
}

function statusFrom(text: string): Status | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function partsFrom({ reason, message, details }: Status) {
  const causes = Array.isArray(details?.causes) ? (details.causes as unknown[]).slice(0, MAX_CAUSES) : [];
  return {
    reason: typeof reason === 'string' ? reason : undefined,
    message: typeof message === 'string' && message !== '' ? plainText(message, MESSAGE_LENGTH) : undefined,
    causes: causes.filter((cause): cause is ApiError['causes'][number] => typeof cause === 'object' && cause !== null),
  };
}

/** RFC 9110, 10.2.3: seconds or a date. */
function secondsFrom(value: unknown, now: number): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds > 0 ? seconds : undefined;
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return at > now ? Math.ceil((at - now) / 1000) : undefined;
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function withoutAbsent<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined && one !== '')) as Present<T>;
}
