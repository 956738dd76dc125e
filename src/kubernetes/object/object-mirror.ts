/** The NodePrep of this node as the API server last showed it, for all parts of the agent. */
import type { ApiClient, ApiObject } from '../client.ts';
import type { AgentLog } from '../log.ts';
import type { RecordStore } from '../ports.ts';
import { type Absence, judgeAbsence } from './absence.ts';
import { DefinitionMissingError, readDefinition } from './definition.ts';
import { NODE_PREPS_PATH } from '../resources.ts';
import type { WatchSeams } from './object-follower.ts';
import { watchObject } from './watch-object.ts';

/** What is known of the object. */
export type ObjectView =
  /** The API server was not reached yet. */
  | { readonly state: 'unknown' }
  /** The API server does not know the kind: the CRD is not installed. */
  | { readonly state: 'no-resource' }
  | { readonly state: 'absent'; readonly why: Absence }
  | { readonly state: 'present'; readonly object: ApiObject };

/** What has changed: the object, or whether the API server can be asked. */
export type MirrorChange = 'object' | 'problem' | 'recovered';

/** Follows the object and calls back the parts that depend on it. */
export interface ObjectMirror {
  readonly view: () => ObjectView;
  /** Why the API server is not available at the moment. */
  readonly problem: () => Error | undefined;
  /** Calls back after every change; returns how to stop. */
  readonly onChange: (listener: (change: MirrorChange) => void) => () => void;
  /** Follows until aborted; never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** What the mirror is built from. */
export interface MirrorParts {
  readonly client: ApiClient;
  readonly node: string;
  readonly log: AgentLog;
  readonly seams: WatchSeams;
  readonly store: RecordStore;
  readonly onConnected: (isConnected: boolean) => void;
}

/** A mirror that knows only the record of an earlier process, until it runs. */
export function createObjectMirror(parts: MirrorParts): ObjectMirror {
  const { client, node, log, seams, store, onConnected } = parts;
  const before = store.read();
  let view: ObjectView = { state: 'unknown' };
  /** What the watch reported last: it reports changes only, and after an error nothing may have changed. */
  let told: ObjectView = view;
  let problem: Error | undefined;
  const listeners = new Set<(change: MirrorChange) => void>();
  const tell = (change: MirrorChange) => {
    for (const listener of listeners) listener(change);
  };
  const said = { problem: '' };
  let notedFor: string | undefined;
  const keepHistory = (history: { readonly version?: string; readonly definition?: string }) => {
    const record = store.read();
    return store.write({ ...record, history: { ...record.history, ...history } });
  };
  /** Once for each object: under which definition it was made. */
  const noteDefinition = async ({ metadata }: ApiObject, signal: AbortSignal) => {
    if (notedFor === metadata.uid) return;
    notedFor = metadata.uid;
    try {
      const definition = await readDefinition(client, signal);
      if (definition !== undefined && definition !== store.read().history?.definition)
        await keepHistory({ definition });
    } catch {
      // An error shows up again with the next request that is needed anyway.
      notedFor = undefined;
    }
  };
  const follow = (signal: AbortSignal) =>
    watchObject(
      client,
      {
        path: NODE_PREPS_PATH,
        name: node,
        ...(before.object?.isDeleted === false ? { known: { version: before.history?.version } } : {}),
      },
      {
        onChange: (object, why = 'deleted') => {
          problem = undefined;
          told = object === undefined ? { state: 'absent', why: whyOf(why, store) } : { state: 'present', object };
          view = told;
          onConnected(true);
          tell('object');
          if (object !== undefined) void noteDefinition(object, signal);
        },
        judgeAbsence: (evidence, aborted) =>
          judgeAbsence(client, node, store.read().history?.definition, evidence, aborted),
        notFound: (aborted) => readDefinition(client, aborted),
        onProblem: (error, retryMs) => {
          problem = error;
          onConnected(false);
          if (isResourceMissing(error)) view = { state: 'no-resource' };
          // An outage of hours is one line, not one for every attempt.
          const text = isResourceMissing(error) ? NO_RESOURCE : error.message;
          if (text !== said.problem) log.warn(text, { retrySeconds: Math.round(retryMs / 1000) });
          said.problem = text;
          tell('problem');
        },
        onRecovered: () => {
          problem = undefined;
          view = told;
          onConnected(true);
          log.info('The API server answers again');
          said.problem = '';
          tell('recovered');
        },
      },
      seams,
      signal,
    );
  return {
    view: () => view,
    problem: () => problem,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    run: async (signal) => {
      const version = await follow(signal);
      // A lost object is missing from this history; only the earlier one shows that it was lost.
      if (version !== undefined && told.state === 'present') await keepHistory({ version });
    },
  };
}

const NO_RESOURCE =
  'The cluster has no resource "nodepreps" of "nodeprep.dev": install the CRD with "kubectl apply -k manifests/"; ' +
  'until then the spec that the host has stays in force';

function isResourceMissing(error: Error): boolean {
  return error instanceof DefinitionMissingError;
}

/** An object deleted before this process began stays deleted. */
function whyOf(why: Absence, store: RecordStore): Absence {
  return why === 'never' && store.read().object?.isDeleted === true ? 'deleted' : why;
}
