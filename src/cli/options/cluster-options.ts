/** Options of `run` that join a node with its cluster. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { nodeNameProblem } from '../../api/names/node-name.ts';
import { parseTaint, STARTUP_TAINT, type Taint } from '../../api/names/taints.ts';
import type { ClusterOptions } from '../../app/daemon/cluster.ts';
import { nodeNameOf, type Machine } from '../../app/machine.ts';
import { HostFileError } from '../../host/errors.ts';
import type { HostReader } from '../../host/host.ts';

/** What was chosen about the cluster. */
export interface ClusterChoice {
  readonly kube?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly nodeName?: string;
  readonly defaultFile?: string;
  readonly startupTaint: string;
  readonly leaseNamespace: string;
  readonly nodeLabels: readonly string[];
}

/** Options that mean nothing without `--kube`. */
const NEED_KUBE = [
  'kubeconfig',
  'context',
  'nodeName',
  'defaultFile',
  'startupTaint',
  'leaseNamespace',
  'nodeLabels',
] as const;
/** Every NodePrep carries a copy of each, so their number is bounded. */
const MAX_NODE_LABELS = 16;

/** Adds `--kube` and what goes with it. */
export function withCluster(target: Command): Command {
  return target
    .option(
      '--kube',
      'follow the NodePrep of this node in its cluster; the files of the host are what it is registered with',
    )
    .option(
      '--kubeconfig <file>',
      'kubeconfig, which must exist; default as kubectl finds it, in a pod its service account',
    )
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .addOption(
      new Option('--node-name <name>', 'name of the Node and of its NodePrep (default: the host name)')
        .env('NODE_NAME')
        .argParser(parseNodeName),
    )
    .option('--default-file <file>', 'document that is registered when the host has no spec file of its own')
    .addOption(
      new Option('--startup-taint <taint>', 'taint to take off the Node after the first complete round, "" for none')
        .argParser(parseStartupTaint)
        .default(STARTUP_TAINT),
    )
    .addOption(
      new Option('--lease-namespace <name>', 'namespace of the Lease that says that the agent is alive')
        .env('POD_NAMESPACE')
        .argParser(parseNamespace)
        .default('nodeprep-system'),
    )
    .addOption(
      new Option(
        '--node-labels <keys>',
        `labels of the Node that its NodePrep gets as well, separated by commas (at most ${MAX_NODE_LABELS})`,
      )
        .argParser(parseLabelKeys)
        .default([], 'none'),
    )
    .hook('preAction', (_, chosen) => {
      if (chosen.opts<ClusterChoice>().kube === true) return;
      const stray = NEED_KUBE.find((name) => chosen.getOptionValueSource(name) === 'cli');
      const flag = chosen.options.find((option) => option.attributeName() === stray)?.long;
      if (flag !== undefined && flag !== null) chosen.error(`error: option '${flag}' needs '--kube'`);
    });
}

/** How the daemon joins the cluster; `undefined` without `--kube`. Throws `NodeNameError`, `HostFileError`. */
export async function clusterOptionsFrom(choice: ClusterChoice, machine: Machine): Promise<ClusterOptions | undefined> {
  if (choice.kube !== true) return undefined;
  const { kubeconfig, context, defaultFile, startupTaint, leaseNamespace, nodeLabels } = choice;
  if (kubeconfig !== undefined) await assertThere(machine.here, kubeconfig);
  return {
    node: choice.nodeName ?? (await nodeNameOf(machine.host)),
    taint: taintFrom(startupTaint),
    leaseNamespace,
    nodeLabels,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(defaultFile === undefined ? {} : { defaultFile }),
  };
}

/**
 * As kubectl does: a misspelt path would look like an API server that cannot be reached, forever. A file in $KUBECONFIG
 * may appear later, such as that of a kubelet that has not joined yet. Throws `HostFileError`.
 */
async function assertThere(here: HostReader, file: string): Promise<void> {
  const path = resolve(file);
  if ((await here.realPath(path)) !== undefined) return;
  throw new HostFileError(
    'read',
    path,
    'ENOENT',
    'there is no such file; set KUBECONFIG instead of --kubeconfig for one that appears later',
  );
}

/** Throws `InvalidArgumentError`. */
function parseNodeName(text: string): string {
  const problem = nodeNameProblem(text);
  if (problem !== undefined) throw new InvalidArgumentError(`${problem}.`);
  return text;
}

/** Throws `InvalidArgumentError`. */
function parseStartupTaint(text: string): string {
  if (text !== '' && taintFrom(text) === undefined)
    throw new InvalidArgumentError(`Expected a taint such as ${STARTUP_TAINT} or ${STARTUP_TAINT}:NoSchedule.`);
  return text;
}

/** Throws `InvalidArgumentError`. */
function parseNamespace(text: string): string {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text))
    throw new InvalidArgumentError('Expected a name of a namespace.');
  return text;
}

/** Throws `InvalidArgumentError`. */
function parseLabelKeys(text: string): readonly string[] {
  const keys = [...new Set(text.split(',').map((key) => key.trim()))].filter((key) => key !== '');
  const wrong = keys.find((key) => !LABEL_KEY.test(key));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is not a key of a label.`);
  if (keys.length > MAX_NODE_LABELS) throw new InvalidArgumentError(`At most ${MAX_NODE_LABELS} labels are copied.`);
  return keys;
}

const LABEL_KEY = /^([a-z0-9][-a-z0-9.]{0,252}\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

function taintFrom(text: string): Taint | undefined {
  return text === '' ? undefined : parseTaint(text);
}
