/** Asks the API server who holds a token and whether they may read the metrics. */
import { type ApiClient, ApiError } from '../client.ts';

/** What was decided, with what the caller may know about it. */
export type AccessVerdict =
  | { readonly outcome: 'Allowed' }
  | { readonly outcome: 'Unauthenticated' | 'Forbidden' | 'Busy' | 'Unavailable'; readonly message: string };

/** What may be asked for; the rule of a ClusterRole names the same words. */
export interface NonResource {
  readonly path: string;
  readonly verb: string;
}

interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** One TokenReview and, when the token is good, one SubjectAccessReview. Never throws. */
export async function review(
  client: Pick<ApiClient, 'send'>,
  token: string,
  wanted: NonResource,
  signal: AbortSignal,
): Promise<AccessVerdict> {
  try {
    const user = await whoHolds(client, token, signal);
    if (user === undefined) {
      const message = 'The API server does not know this token: it is wrong, expired, or issued for another audience.';
      return { outcome: 'Unauthenticated', message };
    }
    if (await isAllowed(client, user, wanted, signal)) return { outcome: 'Allowed' };
    const role = 'the ClusterRole "nodeprep-metrics-reader" grants that';
    const message = `"${user.username}" may not ${wanted.verb} ${wanted.path}: ${role}.`;
    return { outcome: 'Forbidden', message };
  } catch (error) {
    // An agent without the right to create reviews admits no caller; the fault is in its own rights, not in the caller's.
    const hint = error instanceof ApiError && error.code === 403 ? ' (the agent itself lacks the right to ask)' : '';
    return { outcome: 'Unavailable', message: `${error instanceof Error ? error.message : String(error)}${hint}` };
  }
}

async function whoHolds(
  client: Pick<ApiClient, 'send'>,
  token: string,
  signal: AbortSignal,
): Promise<User | undefined> {
  const answer = await client.send(
    {
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/tokenreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
    },
    signal,
  );
  const status = recordFrom(recordFrom(answer)['status']);
  const user = recordFrom(status['user']);
  const username = user['username'];
  if (status['authenticated'] !== true || typeof username !== 'string' || username === '') return undefined;
  const { uid, groups, extra } = user;
  return {
    username,
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(Array.isArray(groups) ? { groups: stringsFrom(groups) } : {}),
    extra: Object.fromEntries(Object.entries(recordFrom(extra)).map(([name, values]) => [name, stringsFrom(values)])),
  };
}

async function isAllowed(
  client: Pick<ApiClient, 'send'>,
  { username, ...rest }: User,
  nonResourceAttributes: NonResource,
  signal: AbortSignal,
): Promise<boolean> {
  const answer = await client.send(
    {
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user: username, ...rest, nonResourceAttributes },
      },
    },
    signal,
  );
  const status = recordFrom(recordFrom(answer)['status']);
  return status['allowed'] === true && status['denied'] !== true;
}

function recordFrom(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function stringsFrom(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}
