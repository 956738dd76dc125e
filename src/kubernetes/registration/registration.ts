/** Brings the local spec into the object by server-side apply, as one field manager among others. */
import type { NodePrepSpecSource } from '../../api/spec/nodeprep.ts';
import { type ApiClient, ApiError, type ApiObject } from '../client.ts';
import { digestOf } from '../digest.ts';
import { ownershipOf } from '../object/ownership.ts';
import type { AppliedLocal, LocalSpec, RefusedField } from '../ports.ts';
import { refusedFieldsFrom, valueAt, withoutFields } from './refused-fields.ts';
import { appliedNodePrep, LOCAL_FILE_MANAGER, nodePrepPath, RECORD_MANAGER } from '../resources.ts';

/** Attempts to apply the rest: another manager could take a further field in between. */
const ATTEMPTS = 4;

/**
 * Applies the local spec without force. Fields that others own are left to them and named in the
 * result; the rest is applied. With a `uid` only that object is changed: one that was deleted in the
 * meantime is not made again. Throws what the client throws for everything else.
 */
export async function applyLocal(
  client: ApiClient,
  node: string,
  local: LocalSpec & { readonly kind: 'document' },
  signal: AbortSignal,
  uid?: string,
): Promise<{ readonly object: ApiObject | undefined; readonly refused: readonly RefusedField[] }> {
  const refused: RefusedField[] = [];
  const wanted = appliedNodePrep(node, { spec: local.source }, uid);
  let body: object = wanted;
  let force = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const query = { fieldManager: LOCAL_FILE_MANAGER, force };
      const path = nodePrepPath(node);
      const answer = await client.send(
        { method: 'PATCH', path, query, body, contentType: 'application/apply-patch+yaml' },
        signal,
      );
      const object = objectFrom(answer);
      const isOther = ({ field }: RefusedField) => !isEqual(valueAt(object, field), valueAt(wanted, field));
      return { object, refused: object === undefined ? refused : refused.filter(isOther) };
    } catch (error) {
      const fields = error instanceof ApiError ? refusedFieldsFrom(error) : [];
      if (fields.length === 0) throw error;
      // A field that the agent itself restored is no claim of another manager.
      const theirs = fields.filter(({ manager }) => manager !== RECORD_MANAGER);
      force = theirs.length === 0;
      refused.push(...theirs);
      const rest = withoutFields(body, theirs);
      if (rest === undefined || attempt === ATTEMPTS) return { object: undefined, refused };
      body = rest;
    }
  }
}

/** Creates an object again that the cluster has lost, from the record on this host. */
export async function restoreObject(
  client: ApiClient,
  node: string,
  source: NodePrepSpecSource,
  signal: AbortSignal,
): Promise<ApiObject | undefined> {
  const answer = await client.send(
    {
      method: 'PATCH',
      path: nodePrepPath(node),
      query: { fieldManager: RECORD_MANAGER, force: false },
      body: appliedNodePrep(node, { spec: source }),
      contentType: 'application/apply-patch+yaml',
    },
    signal,
  );
  return objectFrom(answer);
}

/** What to remember of an apply, so that the same file is not applied again. */
export function appliedFrom(
  local: LocalSpec & { readonly kind: 'document' },
  object: ApiObject,
  refused: readonly RefusedField[],
): AppliedLocal {
  return {
    uid: object.metadata.uid ?? '',
    digest: digestOf(local.source),
    origin: local.origin,
    refused,
    ownership: ownershipOf(object),
  };
}

/** `10` and `"10"` are one value to the host, but two to server-side apply. */
function isEqual(stored: unknown, wanted: unknown): boolean {
  const isPlain = (value: unknown) => typeof value === 'string' || typeof value === 'number';
  return isPlain(stored) && isPlain(wanted) && String(stored) === String(wanted);
}

function objectFrom(answer: unknown): ApiObject | undefined {
  const metadata = (answer as { metadata?: unknown } | undefined)?.metadata;
  return typeof metadata === 'object' && metadata !== null ? (answer as ApiObject) : undefined;
}
