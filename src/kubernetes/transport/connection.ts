/** One connection to the API server, whichever version of HTTP it speaks. */
import type { Readable } from 'node:stream';

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** The head of an answer, and its body as it arrives. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Readable;
  /** True when the connection itself notices that the server is gone. */
  readonly isWatchedOver: boolean;
}

/** Carries requests until it breaks, is drained or destroyed. */
export interface Connection {
  /** False when new requests need a new connection. */
  readonly isUsable: () => boolean;
  /** The answer's head; an abort ends the exchange, also while its body is being read. */
  readonly exchange: (request: WireRequest, signal: AbortSignal) => Promise<WireAnswer>;
  /** Takes nothing new and closes when the last exchange has ended. */
  readonly drain: () => void;
  /** True when it is closed and nothing runs on it any more. */
  readonly isDone: () => boolean;
  readonly destroy: () => void;
}

/** The server has certainly not acted on the request, so any request can be sent again. */
export class NotProcessedError extends Error {
  override readonly name = 'NotProcessedError';
}
