/** The programs of a control plane: which ones there are on this machine, or why there are none. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * `full`: a whole kube-apiserver with RBAC; `current`: the newest handling of custom resources, where every
 * authenticated user may do everything. Where envtest's programs are used, one server is both.
 */
export type Flavor = 'full' | 'current';

/** The programs of one flavor. */
export interface Assets {
  readonly server: string;
  /** Whether `server` is a kube-apiserver; otherwise it is the server of custom resources in scripts/control-plane. */
  readonly isKubeApiserver: boolean;
  readonly etcd: string;
  readonly kubectl: string;
  /** Folder with kube-controller-manager, kube-scheduler and kubelet of the same version, where there is one. */
  readonly controllers: string | undefined;
}

/** The assets of each flavor, or why tests that need them are skipped. */
export interface PreparedAssets {
  readonly assets: Readonly<Partial<Record<Flavor, Assets>>>;
  readonly skipped: string | undefined;
}

const BUILDER = 'scripts/control-plane/control-plane';

/** Builds or fetches what is missing, which can take minutes, and finds the programs. */
export function prepareAssets(): PreparedAssets {
  if (process.platform !== 'linux') {
    return { assets: {}, skipped: `control planes are started on Linux only, and this is ${process.platform}` };
  }
  const built = spawnSync('bash', [BUILDER, 'all'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  const folder = built.stdout.trim();
  if (built.status !== 0 || folder === '') {
    return { assets: {}, skipped: `"npm run control-plane" failed with exit code ${built.status}; it said why above` };
  }
  if (inPath('openssl') === undefined) {
    return { assets: {}, skipped: 'the certificates of a control plane are made with openssl, which is not installed' };
  }
  if (!existsSync(join(folder, 'crdserver'))) {
    const server = join(folder, 'kube-apiserver');
    const envtest: Assets = {
      server,
      isKubeApiserver: true,
      etcd: join(folder, 'etcd'),
      kubectl: join(folder, 'kubectl'),
      controllers: existsSync(join(folder, 'kubelet')) ? folder : undefined,
    };
    return { assets: { full: envtest, current: envtest }, skipped: undefined };
  }
  const etcd = join(folder, 'etcd-3.5');
  return {
    assets: {
      full: {
        server: join(folder, 'kube-apiserver'),
        isKubeApiserver: true,
        etcd,
        kubectl: join(folder, 'kubectl'),
        controllers: folder,
      },
      current: {
        server: join(folder, 'crdserver'),
        isKubeApiserver: false,
        etcd,
        kubectl: join(folder, 'kubectl-1.36'),
        controllers: undefined,
      },
    },
    skipped: undefined,
  };
}

function inPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}
