/** A real cluster: an API server with controllers and a scheduler on this machine, and native nodes with kubelets. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type ControlPlane, startControlPlane } from '../../../apiserver/harness/control-plane.ts';
import { type Controllers, startControllers } from '../../../apiserver/harness/controllers.ts';
import { MANIFESTS, newestKubectl } from '../../../apiserver/harness/manifests.ts';
import { imageConfigFrom, readDockerfile } from '../../../support/oci/dockerfile.ts';
import { newFolder } from '../cache.ts';
import { bootNode, type NativeNode, type NodeParts } from '../native/node.ts';
import type { Cable } from './cable.ts';
import { writeIdleImage } from './idle-image.ts';
import { writeImageArchive } from './image-archive.ts';
import { joinCluster, type Registration } from './join.ts';

/** The agent's image, which every node has: there is no registry that it could come from. */
export const AGENT_IMAGE = 'docker.io/library/nodeprep:1';

/** A native node with a name, which may join the cluster. */
export interface Worker extends NativeNode {
  readonly name: string;
  /** Starts a container runtime and a kubelet, which register the node. */
  readonly join: (registration?: Omit<Registration, 'name'>) => Promise<void>;
}

/** The cluster of one test file. */
export interface Cluster {
  readonly plane: ControlPlane;
  /** Boots a node that has never seen NodePrep and belongs to no cluster yet. */
  readonly boot: (name: string) => Promise<Worker>;
  /** Runs the newest kubectl there is, which must succeed; resolves with what it printed. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** Makes a kustomization of the manifests that names an image, as people do; resolves with its folder. */
  readonly kustomize: (image: string) => string;
  /** What every process said last, for the report of a test that failed. */
  readonly logs: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Starts a cluster without nodes; `tree` and `tools` are what its nodes are made of. */
export async function startCluster({ tree, tools }: Pick<NodeParts, 'tree' | 'tools'>): Promise<Cluster> {
  if (tools === undefined) throw new Error('There is no image of the agent.');
  const folder = newFolder('cluster');
  const workers: { readonly worker: Worker; cable: Cable | undefined }[] = [];
  const archives = writeImages(folder, tree, join(tools, 'image'));
  const plane = await startControlPlane({ flavor: 'full', kubelets: true });
  let controllers: Controllers | undefined;
  const stop = async () => {
    for (const { worker, cable } of workers) {
      await worker.stop();
      await cable?.unplug();
    }
    await controllers?.stop();
    await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    controllers = await startControllers(plane);
  } catch (error) {
    await stop();
    throw error;
  }
  const kubectl = newestKubectl(plane);

  return {
    plane,
    boot: async (name) => {
      const node = await bootNode({ tree, tools });
      const after = async (boot: () => Promise<void>) => {
        await boot();
        await entry.cable?.plug();
      };
      const worker: Worker = {
        ...node,
        name,
        join: async (registration = {}) => {
          entry.cable = await joinCluster(node, plane, { ...registration, name }, archives);
        },
        reboot: () => after(node.reboot),
        powerCycle: () => after(node.powerCycle),
      };
      const entry: (typeof workers)[number] = { worker, cable: undefined };
      workers.push(entry);
      return worker;
    },
    kubectl: async (...args) => {
      const { code, out, err } = await kubectl(args);
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${err}`);
      return out;
    },
    kustomize: (image) => {
      const at = join(folder, 'kustomization');
      mkdirSync(at, { recursive: true });
      const to = (path: string) => relative(at, join(MANIFESTS, path));
      const [, name, tag] = /^(.*):(.*)$/.exec(image) ?? [];
      const content = {
        apiVersion: 'kustomize.config.k8s.io/v1beta1',
        kind: 'Kustomization',
        resources: [to('overlays/daemonset-only')],
        components: [to('components/startup-taint')],
        images: [{ name: 'nodeprep', newName: name, newTag: tag }],
      };
      writeFileSync(join(at, 'kustomization.yaml'), JSON.stringify(content));
      return at;
    },
    logs: async () => {
      const of = async ({ worker: { name, exec } }: (typeof workers)[number]) => {
        const script =
          'journalctl -b --no-pager -o short-precise -n 15 -u nodeprep -u kubelet; cat /var/log/pods/nodeprep*/*/*.log | tail -n 30';
        const said = await exec(script, { timeoutMs: 30_000 }).then(({ output }) => output, String);
        return `== ${name}\n${said}`;
      };
      return [controllers?.logs() ?? '', ...(await Promise.all(workers.map(of)))].join('\n');
    },
    stop,
  };
}

/** The images of every node, as files. */
function writeImages(folder: string, tree: string, agentRoot: string): readonly string[] {
  const agent = join(folder, 'agent.tar');
  const { entrypoint, cmd, env, uid, gid } = imageConfigFrom(readDockerfile());
  writeImageArchive(agent, AGENT_IMAGE, agentRoot, {
    ...{ Entrypoint: entrypoint, Cmd: cmd, User: `${uid}:${gid}` },
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
  });
  return [writeIdleImage(folder, tree), agent];
}
