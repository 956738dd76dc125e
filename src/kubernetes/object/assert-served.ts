/** Tells a NodePrep that somebody deleted from one that went with its definition. */
import { type ApiClient, ApiError } from '../client.ts';
import { NODE_PREP_GROUP_PATH } from '../resources.ts';

/**
 * Throws an `ApiError` 404 when NodePreps cannot be made any more, because their definition is going:
 * the server then deletes every object first, and offers only to read and to delete meanwhile.
 */
export async function assertServed(client: ApiClient, signal: AbortSignal): Promise<void> {
  const answer = await client.send({ method: 'GET', path: NODE_PREP_GROUP_PATH }, signal).catch((error: unknown) => {
    // Where agents may not ask what is served, the list is all there is to believe.
    if (error instanceof ApiError && error.code === 403) return undefined;
    throw error;
  });
  if (answer === undefined) return;
  const { resources } = (answer ?? {}) as { resources?: unknown };
  const all = (Array.isArray(resources) ? resources : []) as readonly { name?: unknown; verbs?: unknown }[];
  const verbs = all.find((resource) => resource?.name === 'nodepreps')?.verbs;
  if (Array.isArray(verbs) && verbs.includes('create')) return;
  throw new ApiError(`Cannot GET "${NODE_PREP_GROUP_PATH}"`, { code: 404, message: 'nodepreps are being removed' });
}
