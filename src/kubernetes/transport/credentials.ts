/** The current credentials for the API server: files and plugins are read again, so that rotation needs no restart. */
import { createHash } from 'node:crypto';
import type { Agent, RequestOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { plainText } from '../../api/yaml/quote.ts';
import { ApiUnreachableError } from '../client.ts';
import { type KubeConfigRequest, loadKubeConfig } from './kube-config.ts';

/** Where to connect, and with which credentials. */
export interface Access {
  readonly server: URL;
  /** Authorization and the like, by name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: ConnectionOptions;
  /** Opens connections through a proxy, when there is one. */
  readonly proxy: Agent | undefined;
  /** Differs when a connection made with another access must not be used for this one. */
  readonly key: string;
  /** Counts how often everything was read and asked for anew. */
  readonly generation: number;
}

/** Gives the current access. */
export interface Credentials {
  readonly current: () => Promise<Access>;
  /** The access after the server has refused `refused`: everything is read and asked for anew. */
  readonly renewed: (refused: Access) => Promise<Access>;
}

/** A kubeconfig with the certificate inside, such as the kubelet's, is replaced as a whole. */
const RELOAD_MS = 60_000;
/** Longer than a plugin may take, so that its own error is the one that is shown. */
const GIVE_UP_MS = 40_000;

/** Credentials from a kubeconfig or the pod's service account, read when first needed; `clock` is monotonic. */
export function createCredentials(request: KubeConfigRequest, clock: () => number): Credentials {
  let config: KubeConfig | undefined;
  let generation = 0;
  let loadedAt = Number.NEGATIVE_INFINITY;
  /** One at a time: each of several requests would start a plugin of its own. */
  let asking: Promise<Access> | undefined;

  const replace = (fresh: KubeConfig) => {
    config = fresh;
    generation += 1;
    asking = undefined;
  };
  const load = (): KubeConfig => {
    if (config !== undefined && clock() - loadedAt < RELOAD_MS) return config;
    const fresh = freshOr(config, request);
    loadedAt = clock();
    // An equal one stays: it knows the token of a plugin until that expires.
    if (config === undefined || fresh.exportConfig() !== config.exportConfig()) replace(fresh);
    return config ?? fresh;
  };
  const access = async (): Promise<Access> => {
    try {
      const used = load();
      const mine = (asking ??= withinTime(accessFrom(used, generation)));
      return await mine;
    } catch (error) {
      // The official client remembers an answer of a plugin that makes no sense.
      config = undefined;
      throw failure(error);
    } finally {
      asking = undefined;
    }
  };
  return {
    current: access,
    renewed: async (refused) => {
      // Another request that was refused as well may have done it already.
      if (refused.generation === generation) {
        try {
          replace(loadKubeConfig(request));
        } catch (error) {
          throw failure(error);
        }
      }
      return access();
    },
  };
}

/** A half-written kubeconfig must not replace one that works. */
function freshOr(old: KubeConfig | undefined, request: KubeConfigRequest): KubeConfig {
  try {
    return loadKubeConfig(request);
  } catch (error) {
    if (old === undefined) throw error;
    return old;
  }
}

/** Without the original where that would show what a plugin said, which may be a token. */
function failure(error: unknown): ApiUnreachableError {
  const isAboutAnswer = error instanceof SyntaxError || error instanceof TypeError;
  const said = error instanceof Error ? error.message : String(error);
  const detail = isAboutAnswer ? 'the credential plugin did not answer with an ExecCredential' : plainText(said, 500);
  const what = `Cannot get credentials for the API server: ${detail}`;
  return isAboutAnswer ? new ApiUnreachableError(what) : new ApiUnreachableError(what, { cause: error });
}

async function accessFrom(config: KubeConfig, generation: number): Promise<Access> {
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
    generation,
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
