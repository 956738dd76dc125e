/**
 * What the agent needs of an API server, and nothing more: send a request, follow a watch. The
 * transport below it (connection, credentials, time-outs) is in `transport/`; what is read and
 * written with it is beside this file. Objects are plain JSON: typed models would drop fields that
 * a newer server has.
 */

/** One request to the API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute, without query, each segment already encoded: `/apis/nodeprep.dev/v1alpha1/nodepreps/worker-1`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default `application/json`; patches name their kind. */
  readonly contentType?: PatchType;
}

/** The kind of a PATCH; JSON is valid YAML, so an apply is sent as JSON. */
export type PatchType =
  | 'application/apply-patch+yaml'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/json-patch+json';

/** Any object of the API; nothing about its fields is trusted. */
export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly managedFields?: readonly { readonly manager?: string; readonly operation?: string }[];
  };
  readonly [field: string]: unknown;
}

/** One line of a watch. An ERROR carries a Status object. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

/** The API server as the agent sees it; one connection for everything. */
export interface ApiClient {
  /** The parsed answer. Throws `ApiError` when the server refused, `ApiUnreachableError` when no answer came in time. */
  readonly send: (request: ApiRequest, signal: AbortSignal) => Promise<unknown>;
  /** Events until the server ends the watch; throws as `send` does, and when the connection is silent for too long. */
  readonly watch: (request: ApiRequest, signal: AbortSignal) => AsyncIterable<WatchEvent>;
  /** Ends the connection and everything on it. */
  readonly close: () => Promise<void>;
}

/** The API server answered with an error. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status code, or the code of the Status object of a watch error. */
  readonly code: number;
  /** Machine-readable reason of the Status object, such as `Conflict` or `Expired`; empty when there is none. */
  readonly reason: string;
  /** Causes of the Status object, such as the fields of an apply conflict. */
  readonly causes: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  /** What the server asks to wait before the next attempt. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    what: string,
    answer: {
      code: number;
      reason?: string;
      message?: string;
      causes?: ApiError['causes'];
      retryAfterSeconds?: number;
    },
  ) {
    super(
      `${what}: the API server answered ${answer.code}${answer.message === undefined ? '' : ` (${answer.message})`}`,
    );
    this.code = answer.code;
    this.reason = answer.reason ?? '';
    this.causes = answer.causes ?? [];
    this.retryAfterSeconds = answer.retryAfterSeconds;
  }
}

/** The API server could not be reached, hung, or broke off. */
export class ApiUnreachableError extends Error {
  override readonly name = 'ApiUnreachableError';
}
