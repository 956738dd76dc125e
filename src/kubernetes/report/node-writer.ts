/** Keeps the condition of NodePrep on the Node, and takes the start-up taint off it once. Nothing else of a Node is touched. */
import type { Condition } from '../../api/status/conditions.ts';
import type { Taint } from '../../api/names/taints.ts';
import { jitteredMs } from '../../reconcile/loop/backoff.ts';
import type { ReportSink } from '../../reconcile/report/node-report.ts';
import { type Background, createBackground } from './background.ts';
import { type ApiClient, ApiError } from '../client.ts';
import {
  conditionRemoval,
  isPrepared,
  nodeConditionFrom,
  saysSame,
  storedCondition,
  taintRemoval,
} from './node-condition.ts';
import type { ObjectMirror } from '../object/object-mirror.ts';
import type { OwnNodeView } from '../object/own-node.ts';
import { createPace } from './pace.ts';
import type { AgentPorts } from '../ports.ts';
import { AGENT_MANAGER, nodePath } from '../resources.ts';
import { isReachable } from './reachable.ts';

/** How often the condition is checked: a Node that was created again has none. */
const LOOK_MS = 5 * 60_000;
/** The Node does not exist yet: the kubelet usually registers it soon after the agent starts. */
const MISSING_MS = { first: 5000, longest: 5 * 60_000 };
/** The taints changed while ours was being removed. */
const AGAIN_MS = { first: 1000, longest: 60_000 };
/** Every controller of the cluster watches Nodes: a change that reverts within this time is not written. */
const SETTLE_MS = 30_000;
const PAUSE_MS = 2000;
const BURST = 6;
const REFILL_MS = 60_000;

/** What the writer is built from. */
export interface NodeWriterParts extends Pick<AgentPorts, 'log' | 'clock' | 'random'> {
  readonly client: ApiClient;
  readonly node: string;
  readonly mirror: ObjectMirror;
  /** Shown what is read of the Node. */
  readonly ownNode: OwnNodeView;
  /** The taint to take off, `undefined` for none. */
  readonly taint: Taint | undefined;
}

/** A sink for reports that works in the background. Sends nothing before `run`. */
export class NodeWriter implements ReportSink {
  readonly name = 'the Node';
  readonly #parts: NodeWriterParts;
  readonly #background: Background;
  readonly #pace;
  /** The condition that the Node should have; `none` while nothing is managed. */
  #wanted: Condition | 'none' | undefined;
  #wantedAt = 0;
  #isPrepared = false;
  /** The Node has reported Ready at least once. */
  #wasReady = false;
  #missed = 0;
  #contested = 0;
  /** The condition that the Node has as far as known, and until when that is trusted. */
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
    const wanted = report.snapshot.absent === undefined ? ready : 'none';
    if (wanted === undefined) return;
    if (this.#wanted === undefined || this.#gist(this.#wanted) !== this.#gist(wanted))
      this.#wantedAt = this.#parts.clock();
    this.#wanted = wanted;
    this.#isPrepared ||= isPrepared(report);
    if (this.#gist(wanted) !== this.#told) this.#background.wake();
  };

  readonly run = (signal: AbortSignal): Promise<void> => this.#background.run(signal);

  async #work(signal: AbortSignal): Promise<number | undefined> {
    const { mirror, clock, random } = this.#parts;
    const wanted = this.#wanted;
    if (wanted === undefined || !isReachable(mirror)) return undefined;
    const gist = this.#gist(wanted);
    if (gist === this.#told && this.#lookAt > clock()) return this.#lookAt - clock();
    const waitMs = this.#pace.waitMs();
    if (waitMs > 0) return waitMs;
    this.#pace.took();
    const node = await this.#read(signal);
    if (node === undefined) {
      this.#told = undefined;
      this.#missed += 1;
      return jitteredMs(grown(MISSING_MS, this.#missed), random());
    }
    this.#missed = 0;
    this.#parts.ownNode.saw(node);
    if (this.#isPrepared && !(await this.#removeTaint(node, signal))) {
      this.#contested += 1;
      return jitteredMs(grown(AGAIN_MS, this.#contested), random());
    }
    this.#contested = 0;
    const settleMs = this.#settleMs(node, wanted);
    if (settleMs > 0) return settleMs;
    if (wanted === 'none') await this.#removeCondition(node, signal);
    else await this.#writeCondition(node, wanted, signal);
    this.#told = gist;
    const again = jitteredMs(LOOK_MS, random());
    this.#lookAt = clock() + again;
    return again;
  }

  /** A first condition, one that becomes True and a removal are written at once. */
  #settleMs(node: unknown, wanted: Condition | 'none'): number {
    const stored = storedCondition(node);
    if (stored?.['status'] === 'True') this.#wasReady = true;
    if (wanted === 'none' || stored === undefined || (wanted.status === 'True' && !this.#wasReady)) return 0;
    return this.#wantedAt + SETTLE_MS - this.#parts.clock();
  }

  /** `undefined` when there is no Node yet. */
  async #read(signal: AbortSignal): Promise<unknown> {
    try {
      // From the cache of the server: a slightly old Node does no harm, and spares the store.
      const query = { resourceVersion: '0' };
      return await this.#parts.client.send({ method: 'GET', path: nodePath(this.#parts.node), query }, signal);
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

  /** From any writer: nothing stays on the Node of a host that is no longer managed. */
  async #removeCondition(node: unknown, signal: AbortSignal): Promise<void> {
    if (storedCondition(node) === undefined) return;
    const { client, node: name } = this.#parts;
    const contentType = 'application/strategic-merge-patch+json';
    await client.send(
      { method: 'PATCH', path: `${nodePath(name)}/status`, body: conditionRemoval(), contentType },
      signal,
    );
    this.#wasReady = false;
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

  /** Changes when the Node needs a write. */
  #gist(wanted: Condition | 'none'): string {
    return wanted === 'none' ? 'none' : `${wanted.status} ${wanted.reason} ${this.#isPrepared}`;
  }
}

/** Doubling with each time in a row. */
function grown({ first, longest }: { readonly first: number; readonly longest: number }, times: number): number {
  return Math.min(first * 2 ** (times - 1), longest);
}
