/** Stops pods whose processes are in the tree of another cgroup driver; the kubelet makes them anew. */
import type { Host } from '../../../host/host.ts';
import { type PodPlace, placeOfPod } from '../../pod-groups.ts';
import { StepError } from '../../area.ts';
import { CRI_SERVICE } from '../observe/cri/cri.ts';
import { fieldsOf, hexOf, messageIn, textIn, type WireField } from '../observe/cri/protobuf.ts';
import type { PodsStep } from '../plan/steps.ts';

/** What the kubelet gives a container to end when its pod does not say. */
const GRACE_S = 30;

interface Sandbox {
  readonly id: string;
  readonly uid: string;
}

/** Stops all pods that are elsewhere than the driver has them, but NodePrep's own. */
export async function stopPods(host: Host, step: PodsStep, signal: AbortSignal): Promise<void> {
  const { socket, driver, ownPod } = step;
  const wanted: PodPlace = driver;
  const sandboxes = (await readySandboxes(host, socket, signal)).filter(({ uid }) =>
    step.kind === 'stop-own-pod' ? uid === ownPod : uid !== ownPod,
  );
  const elsewhere: Sandbox[] = [];
  for (const sandbox of sandboxes) {
    const place = await placeOfPod(host, sandbox.uid);
    if (place !== undefined && place !== wanted) elsewhere.push(sandbox);
  }
  const containers = elsewhere.length === 0 ? [] : await runningContainers(host, socket, signal);
  await Promise.all(
    elsewhere.map(async ({ id }) => {
      const own = containers.filter(({ sandbox }) => sandbox === id);
      await Promise.all(own.map((one) => stopContainer(host, socket, one.id, signal)));
      await call(host, socket, 'StopPodSandbox', hexOf(1, id), signal);
    }),
  );
}

async function readySandboxes(host: Host, socket: string, signal: AbortSignal): Promise<readonly Sandbox[]> {
  const answer = await call(host, socket, 'ListPodSandbox', '', signal);
  return itemsOf(answer).flatMap((fields) => {
    // A state of 0 is ready, and not on the wire.
    if (numberIn(fields, 3) !== 0) return [];
    return [{ id: textIn(fields, 1), uid: textIn(messageIn(fields, 2), 2) }];
  });
}

async function runningContainers(host: Host, socket: string, signal: AbortSignal) {
  const answer = await call(host, socket, 'ListContainers', '', signal);
  return itemsOf(answer)
    .filter((fields) => numberIn(fields, 6) === 1)
    .map((fields) => ({ id: textIn(fields, 1), sandbox: textIn(fields, 2) }));
}

/** So that its program can end in order; the stop of the sandbox kills what is left. */
async function stopContainer(host: Host, socket: string, id: string, signal: AbortSignal): Promise<void> {
  const timeout = `10${GRACE_S.toString(16).padStart(2, '0')}`;
  const question = { method: `${CRI_SERVICE}/StopContainer`, message: `${hexOf(1, id)}${timeout}` };
  await host.call(socket, question, { timeoutMs: (GRACE_S + 15) * 1000, signal });
}

async function call(host: Host, socket: string, method: string, message: string, signal: AbortSignal) {
  const answer = await host.call(socket, { method: `${CRI_SERVICE}/${method}`, message }, { signal });
  if ('message' in answer) return answer.message;
  const what = `The container runtime did not do ${method}: ${answer.problem}.`;
  throw new StepError('RuntimeUnreachable', `${what} Pods stay where they are until it does.`, { transient: true });
}

function itemsOf(message: Uint8Array): readonly (readonly WireField[])[] {
  const items = fieldsOf(message)?.filter(({ number }) => number === 1) ?? [];
  return items.map(({ bytes }) => fieldsOf(bytes) ?? []);
}

function numberIn(fields: readonly WireField[], at: number): number {
  return fields.find(({ number }) => number === at)?.value ?? 0;
}
