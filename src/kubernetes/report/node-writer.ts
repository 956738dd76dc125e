/** Keeps the condition of NodePrep on the Node, and takes the start-up taint off it once. Nothing else of a Node is touched. */
import type { Condition } from '../../api/status/conditions.ts';
import type { Taint } from '../../api/names/taints.ts';
import { jitteredMs } from '../../reconcile/loop/backoff.ts';
import type { ReportSink } from '../../reconcile/report/node-report.ts';
import { type Background, createBackground } from './background.ts';
import { type ApiClient, ApiError } from '../client.ts';
import { isPrepared, nodeConditionFrom, saysSame, taintRemoval } from './node-condition.ts';
import type { ObjectMirror } from '../object/object-mirror.ts';
import { createPace } from './pace.ts';
import type { AgentPorts } from '../ports.ts';
import { AGENT_MANAGER, nodePath } from '../resources.ts';

/** How often it is looked whether the condition is still there: a Node that is made again has none. */
const LOOK_MS = 5 * 60_000;
/** A Node that does not exist yet: the kubelet comes after the agent, mostly soon. */
const MISSING_MS = [5000, 10_000, 20_000, 40_000, 75_000] as const;
/** Somebody else changed the taints while ours was being taken off. */
const AGAIN_MS = 1000;
const PAUSE_MS = 2000;
const BURST = 6;
const REFILL_MS = 60_000;

/** What the writer is built from. */
export interface NodeWriterParts extends Pick<AgentPorts, 'log' | 'clock' | 'random'> {
  readonly client: ApiClient;
  readonly node: string;
  readonly mirror: ObjectMirror;
  /** The taint to take off, `undefined` for none. */
  readonly taint: Taint | undefined;
}

/** A sink for reports that works in the background. */
export interface NodeWriter extends ReportSink {
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** A writer that sends nothing before `run`. */
export function createNodeWriter(parts: NodeWriterParts): NodeWriter {
  return new ConditionWriter(parts);
}

class ConditionWriter implements NodeWriter {
  readonly name = 'the Node';
  readonly #parts: NodeWriterParts;
  readonly #background: Background;
  readonly #pace;
  #ready: Condition | undefined;
  #isPrepared = false;
  #missed = 0;
  /** What the Node says as far as we know, and until when we believe it. */
  #told: string | undefined;
  #lookAt = 0;

  constructor(parts: NodeWriterParts) {
    const { clock, random, log, mirror } = parts;
    this.#parts = parts;
    this.#pace = createPace({ clock, burst: BURST, refillMs: REFILL_MS, pauseMs: PAUSE_MS });
    let said = '';
    this.#background = createBackground({
      work: async (signal) => {
        const again = await this.#work(signal);
        said = '';
        return again;
      },
      onError: (error, retryMs) => {
        const retrySeconds = Math.round(retryMs / 1000);
        if (said !== error.message) log.warn('Cannot write to the Node', { problem: error.message, retrySeconds });
        said = error.message;
      },
      clock,
      random,
    });
    mirror.onChange((change) => {
      if (change === 'recovered') this.#background.hurry();
      // The first contact: until then nothing could be sent.
      else if (this.#told === undefined) this.#background.wake();
    });
  }

  readonly publish: ReportSink['publish'] = async (report) => {
    const ready = report.conditions.find((condition) => condition.type === 'Ready');
    if (ready === undefined) return;
    this.#ready = ready;
    this.#isPrepared ||= isPrepared(report);
    if (this.#gist(ready) !== this.#told) this.#background.wake();
  };

  readonly run = (signal: AbortSignal): Promise<void> => this.#background.run(signal);

  async #work(signal: AbortSignal): Promise<number | undefined> {
    const { mirror, clock, random } = this.#parts;
    const ready = this.#ready;
    const isReachable = mirror.view().state !== 'unknown' || isAnswer(mirror.problem());
    if (ready === undefined || !isReachable) return undefined;
    const gist = this.#gist(ready);
    if (gist === this.#told && this.#lookAt > clock()) return this.#lookAt - clock();
    const waitMs = this.#pace.waitMs();
    if (waitMs > 0) return waitMs;
    this.#pace.took();
    const node = await this.#read(signal);
    if (node === undefined) {
      this.#told = undefined;
      this.#missed += 1;
      return jitteredMs(MISSING_MS[this.#missed - 1] ?? 75_000, random());
    }
    this.#missed = 0;
    await this.#writeCondition(node, ready, signal);
    if (this.#isPrepared && !(await this.#removeTaint(node, signal))) return AGAIN_MS;
    this.#told = gist;
    const again = jitteredMs(LOOK_MS, random());
    this.#lookAt = clock() + again;
    return again;
  }

  /** `undefined` when there is no Node yet. */
  async #read(signal: AbortSignal): Promise<unknown> {
    try {
      return await this.#parts.client.send({ method: 'GET', path: nodePath(this.#parts.node) }, signal);
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    }
  }

  async #writeCondition(node: unknown, ready: Condition, signal: AbortSignal): Promise<void> {
    const condition = nodeConditionFrom(ready, node);
    if (saysSame(node, condition)) return;
    const { client, node: name } = this.#parts;
    // Conditions are merged by type, so that those of the kubelet and of others stay.
    const conditions = [{ ...condition, lastHeartbeatTime: condition.lastTransitionTime }];
    await client.send(
      {
        method: 'PATCH',
        path: `${nodePath(name)}/status`,
        query: { fieldManager: AGENT_MANAGER, force: true },
        body: { apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { conditions } },
        contentType: 'application/apply-patch+yaml',
      },
      signal,
    );
  }

  /** Only the kubelet ever sets it, when it registers the Node; `false` when the taints were changed in between. */
  async #removeTaint(node: unknown, signal: AbortSignal): Promise<boolean> {
    const { client, taint, log } = this.#parts;
    const patch = taint === undefined ? undefined : taintRemoval(node, taint);
    if (patch === undefined) return true;
    const path = nodePath(this.#parts.node);
    try {
      await client.send({ method: 'PATCH', path, body: patch, contentType: 'application/json-patch+json' }, signal);
    } catch (error) {
      if (error instanceof ApiError && (error.code === 422 || error.code === 409)) return false;
      throw error;
    }
    log.info('Removed the start-up taint', { taint: taint?.key });
    return true;
  }

  /** Changes when the Node is to be told something. */
  #gist({ status, reason }: Condition): string {
    return `${status} ${reason} ${this.#isPrepared}`;
  }
}

/** A server that refuses to show the NodePrep can still be told about the Node. */
function isAnswer(problem: Error | undefined): boolean {
  return problem instanceof ApiError;
}
