/** The life of one request: it ends when its caller aborts or when nothing came for too long. */

/** Nothing came for as long as the scope allowed. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** An abort signal with a deadline that can be moved; disposed of when the request is over. */
export interface Scope extends Disposable {
  readonly signal: AbortSignal;
  /** From now on so many milliseconds; the message says what was awaited. */
  readonly allow: (milliseconds: number, message: string) => void;
}

/** Opens a scope below a caller's signal. `AbortSignal.any` would stay registered with a signal that lives forever. */
export function openScope(parent: AbortSignal): Scope {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const stop = () => controller.abort(parent.reason);
  if (parent.aborted) stop();
  else parent.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    allow: (milliseconds, message) => {
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(new DeadlineError(message)), milliseconds);
    },
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      parent.removeEventListener('abort', stop);
    },
  };
}

/** The result of `work`, or the reason of the abort as soon as it is aborted; the work itself goes on. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}
