/** The definition of NodePreps: whether it is there, and whether it is the one that our object was made under. */
import { type ApiClient, ApiError, ApiUnreachableError } from '../client.ts';
import { DEFINITION_NAME, DEFINITION_PATH, NODE_PREP_GROUP_PATH } from '../resources.ts';

/** The API server itself answers that it does not know NodePreps, or is about to remove them. */
export class DefinitionMissingError extends ApiError {}

/**
 * The uid of the definition, which is another one when it was deleted and made again; `undefined` where agents may not read
 * it. Throws `DefinitionMissingError` when NodePreps cannot be created, and what the client throws when that is unknown: a
 * load balancer without servers answers 404 as well.
 */
export async function readDefinition(client: ApiClient, signal: AbortSignal): Promise<string | undefined> {
  try {
    const answer = await client.send({ method: 'GET', path: DEFINITION_PATH }, signal);
    const { kind, metadata } = (answer ?? {}) as { kind?: unknown; metadata?: Record<string, unknown> | null };
    const uid = metadata?.['uid'];
    if (kind !== 'CustomResourceDefinition' || typeof uid !== 'string')
      throw new ApiUnreachableError(`Cannot GET "${DEFINITION_PATH}": the answer is not the definition of NodePreps`);
    // The server deletes every object before the definition goes.
    if (metadata?.['deletionTimestamp'] !== undefined) throw missing('nodepreps are being removed');
    return uid;
  } catch (error) {
    if (isNotFound(error, DEFINITION_NAME)) throw missing(error.message);
    if (!(error instanceof ApiError) || error.code !== 403) throw error;
    await assertOffered(client, signal);
    return undefined;
  }
}

/** Whether a 404 comes from the API server and is about the object with this name, not from a proxy about a page. */
export function isNotFound(error: unknown, name: string): error is ApiError {
  if (!(error instanceof ApiError) || error.code !== 404 || error.reason !== 'NotFound') return false;
  return error.message.includes(`"${name}" not found`);
}

/** What agents of older roles may ask: the resources that are offered. */
async function assertOffered(client: ApiClient, signal: AbortSignal): Promise<void> {
  const answer = await client.send({ method: 'GET', path: NODE_PREP_GROUP_PATH }, signal);
  const { kind, resources } = (answer ?? {}) as { kind?: unknown; resources?: unknown };
  if (kind !== 'APIResourceList' || !Array.isArray(resources))
    throw new ApiUnreachableError(`Cannot GET "${NODE_PREP_GROUP_PATH}": the answer is not a list of resources`);
  const all = resources as readonly ({ name?: unknown; verbs?: unknown } | null)[];
  const verbs = all.find((resource) => resource?.name === 'nodepreps')?.verbs;
  if (!Array.isArray(verbs) || !verbs.includes('create')) throw missing('nodepreps are being removed');
}

function missing(message: string): DefinitionMissingError {
  return new DefinitionMissingError(`Cannot GET "${DEFINITION_PATH}"`, { code: 404, message });
}
