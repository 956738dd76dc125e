/** A small API server in memory, for what is hard to time against a real one: refusals, outages, thousands of hours. */
import { type ApiClient, ApiError, type ApiObject, type ApiRequest } from '../../src/kubernetes/client.ts';
import type { MirrorChange, ObjectMirror, ObjectView } from '../../src/kubernetes/object/object-mirror.ts';

/** What was asked of it, and what it does. */
export interface StubApi {
  readonly client: ApiClient;
  readonly mirror: ObjectMirror;
  readonly requests: ApiRequest[];
  /** The NodePrep as it is stored. */
  readonly stored: () => ApiObject;
  /** Another client changes the object; the watch reports it. */
  readonly change: (object: Partial<ApiObject>) => void;
  /** An older backup replaces everything, versions start again, and no watch reports it. */
  readonly restore: (object: Partial<ApiObject>) => void;
  /** Thrown for every request until it is taken away. */
  readonly setError: (error: Error | undefined) => void;
  readonly tell: (change: MirrorChange) => void;
}

/** A server that has one NodePrep, which it shows at once. */
export function createStubApi(): StubApi {
  let version = 1;
  let object: ApiObject = { metadata: { name: 'w', uid: 'u', generation: 1, resourceVersion: '1' } };
  let error: Error | undefined;
  const requests: ApiRequest[] = [];
  const listeners = new Set<(change: MirrorChange) => void>();
  const tell = (change: MirrorChange) => {
    for (const listener of listeners) listener(change);
  };
  const change = (next: Partial<ApiObject>) => {
    version += 1;
    object = {
      ...object,
      ...next,
      metadata: { ...object.metadata, ...next.metadata, resourceVersion: String(version) },
    };
    tell('object');
  };
  const restore = (backup: Partial<ApiObject>) => {
    version = 1;
    object = { ...object, ...backup, metadata: { ...object.metadata, resourceVersion: '1' } };
  };
  const names = new Set<unknown>();
  const client: ApiClient = {
    close: async () => {},
    watch: () => {
      throw new Error('The stub has no watch: its mirror is always up to date.');
    },
    send: async (request) => {
      requests.push(structuredClone(request));
      if (error !== undefined) throw error;
      if (request.path.endsWith('/status')) {
        change({ status: structuredClone((request.body as { status: unknown }).status) });
        return object;
      }
      if (request.method === 'POST') {
        const { name } = (request.body as ApiObject).metadata;
        if (names.has(name)) throw new ApiError('Cannot POST', { code: 409, reason: 'AlreadyExists' });
        names.add(name);
      }
      return request.body;
    },
  };
  const view = (): ObjectView => ({ state: 'present', object });
  const mirror: ObjectMirror = {
    view,
    problem: () => undefined,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    run: async () => {},
  };
  return { client, mirror, requests, stored: () => object, change, restore, setError: (next) => (error = next), tell };
}
