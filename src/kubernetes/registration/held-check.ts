/**
 * Finds out once whether the API server holds this agent to its own node, by trying what it must not be allowed: to make
 * a NodePrep of another name. Nothing is stored (dry run). Looking for the policy instead would only show that there is
 * one, not that it means this account.
 */
import { type ApiClient, ApiError } from '../client.ts';
import type { ObjectMirror } from '../object/object-mirror.ts';
import type { AgentPorts } from '../ports.ts';
import { AGENT_MANAGER, appliedNodePrep, nodePrepPath } from '../resources.ts';
import { type Background, createBackground } from '../report/background.ts';

/** Not the name of a node, and self-explanatory in an audit log. */
const PROBE = 'nodeprep-agent-probes-admission';

/** What the check is built from. */
export interface HeldCheckParts extends Pick<AgentPorts, 'log' | 'clock' | 'random'> {
  readonly client: ApiClient;
  readonly mirror: ObjectMirror;
}

/** A check that sends nothing before it runs, and logs what it found. */
export function createHeldCheck({ client, mirror, log, clock, random }: HeldCheckParts): Pick<Background, 'run'> {
  let isDone = false;
  const work = async (signal: AbortSignal): Promise<undefined> => {
    if (isDone || mirror.problem() !== undefined) return;
    const { state } = mirror.view();
    if (state !== 'present' && state !== 'absent') return;
    const isHeld = await isRefused(client, signal);
    isDone = true;
    if (isHeld) log.info('The API server holds this agent to its own node');
    else
      log.warn(
        'Nothing holds this agent to its own node: its token may change the NodePrep of every node. ' +
          'Apply manifests/admission, and keep "nodeprep-agent" in the name of its service account',
      );
  };
  // Not logged: the worker tries again, and until then the answer is unknown.
  const background = createBackground({ work, onError: () => undefined, clock, random });
  mirror.onChange(() => {
    if (!isDone) background.wake();
  });
  return { run: background.run };
}

async function isRefused(client: ApiClient, signal: AbortSignal): Promise<boolean> {
  try {
    await client.send(
      {
        method: 'PATCH',
        path: nodePrepPath(PROBE),
        query: { fieldManager: AGENT_MANAGER, force: false, dryRun: 'All' },
        body: appliedNodePrep(PROBE, { spec: {} }),
        contentType: 'application/apply-patch+yaml',
      },
      signal,
    );
    return false;
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return true;
    throw error;
  }
}
