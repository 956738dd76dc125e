/** Who we are for the API server, now: files and plugins are asked again so that rotation needs no restart. */
import { createHash } from 'node:crypto';
import type { Agent, RequestOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { plainText } from '../../api/quote.ts';
import { ApiUnreachableError } from '../client.ts';
import { type KubeConfigRequest, loadKubeConfig } from './kube-config.ts';

/** Where to connect and what to present there. */
export interface Access {
  readonly server: URL;
  /** Authorization and the like, by name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: ConnectionOptions;
  /** Opens connections through a proxy, when there is one. */
  readonly proxy: Agent | undefined;
  /** Differs when a connection made with another access must not be used for this one. */
  readonly key: string;
}

/** Gives the access of the moment. */
export interface Credentials {
  readonly current: () => Promise<Access>;
  /** The access after the server has refused `refused`: everything is read and asked for anew. */
  readonly renewed: (refused: Access) => Promise<Access>;
}

/** A kubeconfig with the certificate inside, such as the kubelet's, is replaced as a whole. */
const RELOAD_MS = 60_000;
/** Longer than a plugin may take, so that its own error is the one that is shown. */
const GIVE_UP_MS = 40_000;

/** Credentials from a kubeconfig or the pod's service account, read when first needed. */
export function createCredentials(request: KubeConfigRequest, clock: () => number): Credentials {
  let config: KubeConfig | undefined;
  let loadedAt = Number.NEGATIVE_INFINITY;
  let last: Access | undefined;

  const load = (evenIfEqual: boolean): KubeConfig => {
    if (config !== undefined && !evenIfEqual && clock() - loadedAt < RELOAD_MS) return config;
    const fresh = loadKubeConfig(request);
    loadedAt = clock();
    // The old object holds the token of a plugin until it expires.
    if (config === undefined || evenIfEqual || fresh.exportConfig() !== config.exportConfig()) config = fresh;
    return config;
  };
  const access = async (evenIfEqual: boolean): Promise<Access> => {
    try {
      last = await withinTime(accessFrom(load(evenIfEqual)));
      return last;
    } catch (error) {
      const detail = plainText(error instanceof Error ? error.message : String(error), 500);
      throw new ApiUnreachableError(`Cannot get credentials for the API server: ${detail}`, { cause: error });
    }
  };
  return {
    current: () => access(false),
    renewed: (refused) => access(refused === last),
  };
}

async function accessFrom(config: KubeConfig): Promise<Access> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the context names no cluster');
  const options: RequestOptions & { auth?: string } = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const tls: ConnectionOptions = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    // Said either way: otherwise NODE_TLS_REJECT_UNAUTHORIZED of the environment would decide.
    rejectUnauthorized: rejectUnauthorized ?? true,
  };
  const parts = [cluster.server, cluster.proxyUrl, ca, cert, key, servername, rejectUnauthorized];
  return {
    server: new URL(cluster.server),
    headers: headersFrom(options),
    tls,
    proxy: cluster.proxyUrl === undefined ? undefined : (options.agent as Agent),
    // Buffers become base64 here, and no secret stays in the key.
    key: createHash('sha256').update(JSON.stringify(parts)).digest('hex'),
  };
}

function headersFrom({ headers, auth }: RequestOptions): Record<string, string> {
  const given = Object.entries((headers ?? {}) as Record<string, unknown>);
  // The files that tokens are in usually end with a newline, which no header may hold.
  const own = Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), String(value).trim()]));
  return typeof auth === 'string' ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}`, ...own } : own;
}

async function withinTime(work: Promise<Access>): Promise<Access> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error('the credential plugin of the kubeconfig did not end; run it by hand to see why')),
      GIVE_UP_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
