/**
 * Why an object that was there is missing from a list. Only a deletion that the API server can show, and confirms when
 * asked again, unmanages a host: a list may come from a store that was restored from a backup, from a definition that was
 * made again without its objects, or from a proxy on the way that answers for every server.
 */
import { type ApiClient, ApiError, ApiUnreachableError } from '../client.ts';
import { NODE_PREPS_PATH, nodePrepPath } from '../resources.ts';
import { isNotFound, readDefinition } from './definition.ts';
import { pause } from './pause.ts';

/** Why there is no object. */
export type Absence =
  /** No earlier object is known. */
  | 'never'
  | 'deleted'
  /** It disappeared with its definition or with the store of the cluster, and was not deleted on purpose. */
  | 'lost'
  /** It is gone, and happened too long ago for the server to say how. */
  | 'unproven';

/** What was seen before it was missing. */
export interface Evidence {
  /** The list is older than what was seen before. */
  readonly isOtherHistory: boolean;
  /** The watch has told of the deletion. */
  readonly wasTold: boolean;
  /** Up to where the history is known. */
  readonly version: string | undefined;
}

/** Pause before the server is asked again: longer than a restarting server gives wrong answers. */
const AGAIN_MS = 2000;
/** How long the watch may replay missed events; the server sends them at once. */
const REPLAY_SECONDS = 5;

/** Judges why the NodePrep of a node is absent. Throws when no answer can be trusted. */
export async function judgeAbsence(
  client: ApiClient,
  node: string,
  knownDefinition: string | undefined,
  evidence: Evidence,
  signal: AbortSignal,
): Promise<Exclude<Absence, 'never'>> {
  const definition = await readDefinition(client, signal);
  if (evidence.isOtherHistory) return 'lost';
  if (definition !== undefined && knownDefinition !== undefined && definition !== knownDefinition) return 'lost';
  const isShown = evidence.wasTold || (await replaysDeletion(client, node, evidence.version, signal));
  await pause(AGAIN_MS, signal);
  signal.throwIfAborted();
  await assertGone(client, node, signal);
  return isShown ? 'deleted' : 'unproven';
}

/** Whether the watch replays a missed deletion; false when its history does not reach back far enough. */
async function replaysDeletion(
  client: ApiClient,
  node: string,
  version: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (version === undefined) return false;
  const query = { fieldSelector: `metadata.name=${node}`, resourceVersion: version, timeoutSeconds: REPLAY_SECONDS };
  try {
    for await (const event of client.watch({ method: 'GET', path: NODE_PREPS_PATH, query }, signal)) {
      const object = event.object as { code?: unknown; metadata?: { name?: unknown } } | undefined;
      if (event.type === 'ERROR') {
        if (object?.code === 410) return false;
        break;
      }
      if (event.type === 'DELETED' && object?.metadata?.name === node) return true;
    }
  } catch (error) {
    if (error instanceof ApiError && error.code === 410) return false;
    throw error;
  }
  throw new ApiUnreachableError(
    `Cannot list "${NODE_PREPS_PATH}": the object is missing, and nothing tells of its deletion`,
  );
}

/** Throws unless the API server says of this one object that there is none. */
async function assertGone(client: ApiClient, node: string, signal: AbortSignal): Promise<void> {
  const path = nodePrepPath(node);
  try {
    await client.send({ method: 'GET', path }, signal);
  } catch (error) {
    // Agents of older roles may only list.
    if (isNotFound(error, node) || (error instanceof ApiError && error.code === 403)) return;
    throw error;
  }
  throw new ApiUnreachableError(`Cannot list "${NODE_PREPS_PATH}": an object is missing that is there`);
}
