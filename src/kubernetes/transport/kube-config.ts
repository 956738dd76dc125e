/**
 * Address of the API server and credentials, from the official client's KubeConfig. What that leaves
 * out and kubectl does is added here: `tokenFile` of a user, paths relative to the kubeconfig,
 * several files in $KUBECONFIG of which the first one wins, and what exec plugins are told.
 */
import { resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { parseYaml } from '../../api/yaml/yaml.ts';

/** Which kubeconfig to use; all absent means as kubectl finds it, in a pod its service account. */
export interface KubeConfigRequest {
  /** Path of a kubeconfig; it wins over $KUBECONFIG and over the service account of a pod. */
  readonly kubeconfig?: string;
  /** Context of the kubeconfig; default its current one. */
  readonly context?: string;
}

/** A plugin that prompts would wait forever; one that hangs is ended. */
const EXEC_TIMEOUT_MS = 30_000;

type Plain = Readonly<Record<string, unknown>>;

/** Reads the configuration as it is on disk now. Throws with what is wrong in which file. */
export function loadKubeConfig(request: KubeConfigRequest): KubeConfig {
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST, HOME } = process.env;
  const paths = request.kubeconfig === undefined ? (KUBECONFIG ?? '').split(':').filter(Boolean) : [];
  const config = new NodeKubeConfig();
  if (request.kubeconfig !== undefined) config.loadFromFile(request.kubeconfig);
  else if (paths.length > 0) loadMerged(config, paths);
  // A kubeconfig in a home directory comes last, as in controller-runtime: a pod uses its service account.
  else if (KUBERNETES_SERVICE_HOST !== undefined) config.loadFromCluster();
  else config.loadFromFile(resolve(HOME ?? '/root', '.kube/config'));
  if (request.context !== undefined) config.setCurrentContext(request.context);
  requireComplete(config);
  tellPlugins(config);
  return config;
}

class NodeKubeConfig extends KubeConfig {
  override loadFromString(text: string): void {
    const problem = problemOf(() => super.loadFromString(text));
    if (problem !== undefined) throw new Error(`not a kubeconfig: ${problem}`);
    const parsed = parseYaml(text);
    const users = 'value' in parsed ? (parsed.value as { users?: unknown } | null)?.users : undefined;
    if (!Array.isArray(users)) return;
    const tokenFiles = new Map<unknown, unknown>(
      (users as (Plain & { user?: Plain | null })[]).map((entry) => [entry['name'], entry.user?.['tokenFile']]),
    );
    // The official client knows `token-file` only and reads it once; a rotated token would never be seen.
    this.users = this.users.map((user) => {
      const tokenFile = tokenFiles.get(user.name);
      if (typeof tokenFile !== 'string' || tokenFile === '') return user;
      const { token: _, ...rest } = user;
      return { ...rest, authProvider: { name: 'tokenFile', config: { tokenFile } } };
    });
  }

  override makePathsAbsolute(root: string): void {
    super.makePathsAbsolute(root);
    this.users = this.users.map((user) => {
      const config = (user.authProvider as { config?: { tokenFile?: string } } | undefined)?.config;
      if (config?.tokenFile !== undefined) config.tokenFile = resolve(root, config.tokenFile);
      const exec = user.exec as { command?: string } | undefined;
      if (exec?.command?.includes('/') === true) exec.command = resolve(root, exec.command);
      return user;
    });
  }
}

/** The first line only, and no cause: what follows shows the place of the mistake, which may hold a token. */
function problemOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n', 1)[0] ?? 'it cannot be read';
  }
}

/** As kubectl merges: the first file that names a thing wins, and a file that is not there is no error. */
function loadMerged(config: KubeConfig, paths: readonly string[]): void {
  let found = 0;
  for (const path of paths) {
    const next = new NodeKubeConfig();
    try {
      next.loadFromFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw new Error(`Cannot read kubeconfig "${path}": ${(error as Error).message}`, { cause: error });
    }
    found += 1;
    const isNew = (known: readonly { name: string }[]) => (one: { name: string }) =>
      !known.some((old) => old.name === one.name);
    config.clusters = [...config.clusters, ...next.clusters.filter(isNew(config.clusters))];
    config.users = [...config.users, ...next.users.filter(isNew(config.users))];
    config.contexts = [...config.contexts, ...next.contexts.filter(isNew(config.contexts))];
    config.currentContext ??= next.currentContext;
  }
  if (found === 0) throw new Error(`KUBECONFIG names "${paths.join(':')}", and there is no such file`);
}

function requireComplete(config: KubeConfig): void {
  const name = config.currentContext;
  if (!name) throw new Error('the kubeconfig has no current context; name one with "kubectl config use-context"');
  if (!config.getContexts().some((context) => context.name === name))
    throw new Error(`the kubeconfig has no context "${name}"; "kubectl config get-contexts" lists what it has`);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`the cluster of context "${name}" is not in the kubeconfig`);
  if (config.getCurrentUser() === null) throw new Error(`the user of context "${name}" is not in the kubeconfig`);
  if (!/^https:\/\//i.test(cluster.server))
    throw new Error(`the server "${cluster.server}" is not https; a token would be sent in clear`);
  if (cluster.proxyUrl !== undefined && !/^https?:\/\//i.test(cluster.proxyUrl))
    throw new Error(`the proxy-url of cluster "${cluster.name}" is neither http nor https; SOCKS is not supported`);
}

/** Gives exec plugins what the official client does not: their input, no terminal, and an end. */
function tellPlugins(config: KubeConfig): void {
  const exec = config.getCurrentUser()?.exec as { apiVersion?: string; env?: Plain[] | null } | undefined;
  if (exec === undefined || exec === null) return;
  const info = { kind: 'ExecCredential', apiVersion: exec.apiVersion, spec: { interactive: false } };
  exec.env = [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }];
  type Spawn = (command: string, args: readonly string[], options: object) => unknown;
  const { authenticators } = config as unknown as { authenticators: { execFn?: Spawn }[] };
  for (const authenticator of authenticators) {
    const spawn = authenticator.execFn;
    if (spawn === undefined) continue;
    const limits = { timeout: EXEC_TIMEOUT_MS, killSignal: 'SIGKILL', stdio: ['ignore', 'pipe', 'pipe'] };
    authenticator.execFn = (command, args, options) => spawn(command, args ?? [], { ...options, ...limits });
  }
}
