/**
 * The only writer of the status of a NodePrep. It receives every report and never makes its caller
 * wait: it holds the newest wanted status, and writes it when it differs from the stored one.
 */
import type { NodePrepStatus } from '../../api/status/status.ts';
import type { NodeReport, ReportSink } from '../../reconcile/report/node-report.ts';
import { type Background, createBackground } from './background.ts';
import type { ApiClient, ApiObject } from '../client.ts';
import type { EventFact } from '../event-fact.ts';
import type { ObjectMirror } from '../object/object-mirror.ts';
import { isNotFound } from '../object/definition.ts';
import { undeclaredFields, withoutUndeclared } from './older-definition.ts';
import { CONTESTED_PAUSE_MS, createOtherMachine, type OtherMachine } from '../object/other-machine.ts';
import { createPace } from './pace.ts';
import type { AgentPorts } from '../ports.ts';
import { AGENT_MANAGER, appliedNodePrep, statusPath } from '../resources.ts';
import {
  boundedStatus,
  gistOf,
  type KnownCondition,
  knownConditions,
  meaningOf,
  withTransitionTimes,
} from './status-view.ts';

/** Writes come at least this far apart. */
const PAUSE_MS = 1000;
/** A host where something changes all the time: a burst first, then two writes a minute. */
const BURST = 10;
const REFILL_MS = 30_000;
/** For changes of texts and numbers only. */
const DETAIL_MS = 60_000;
/** An object that stays older than our last write for longer is not a late event but a restored backup. */
const LATE_MS = 60_000;
/** How long it takes until the mirror knows that an object was deleted: the server is asked twice. */
const GONE_MS = 30_000;
/** A definition without all fields may have been upgraded. */
const OLDER_MS = 60 * 60_000;

/** What the writer is built from. */
export interface StatusWriterParts extends Pick<AgentPorts, 'log' | 'clock' | 'random'> {
  readonly client: ApiClient;
  readonly node: string;
  readonly mirror: ObjectMirror;
  /** Receives facts for Events. */
  readonly tell: (fact: EventFact) => void;
}

/** A sink for reports that works in the background. Sends nothing before `run`. */
export class StatusWriter implements ReportSink {
  readonly name = 'the API server';
  readonly #parts: StatusWriterParts;
  readonly #background: Background;
  readonly #pace;
  readonly #other: OtherMachine;
  #wanted: Pick<NodeReport, 'snapshot' | 'status'> | undefined;
  /** The object as it came back from our last write; older copies of it are ignored. */
  #answer: ApiObject | undefined;
  /** The status as we sent it last, and as it came back. */
  #written: { readonly uid: string | undefined; readonly sent: string; readonly got: string } | undefined;
  #writtenAt = Number.NEGATIVE_INFINITY;
  /** The server said that the object is not there, which the mirror may not know yet. */
  #missing: { readonly uid: string | undefined; readonly until: number } | undefined;
  /** Fields that the definition does not have, and until when that is assumed. */
  #undeclared = new Set<string>();
  #olderUntil = Number.NEGATIVE_INFINITY;
  /** Transition times survive a status that was wiped by another client. */
  #known: readonly KnownCondition[] = [];

  constructor(parts: StatusWriterParts) {
    const { clock, random, log, mirror } = parts;
    this.#parts = parts;
    this.#other = createOtherMachine(parts);
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
        if (said !== error.message) log.warn('Cannot write the status', { problem: error.message, retrySeconds });
        said = error.message;
      },
      clock,
      random,
    });
    mirror.onChange((change) => {
      if (change !== 'recovered') return this.#background.wake();
      // The server that answers again may have an older history.
      this.#answer = undefined;
      this.#background.hurry();
    });
  }

  readonly publish: ReportSink['publish'] = async (report) => {
    const { snapshot, status } = report;
    if (this.#wanted?.status === status && this.#wanted.snapshot === snapshot) return;
    this.#wanted = { snapshot, status };
    this.#background.wake();
  };

  readonly run = (signal: AbortSignal): Promise<void> => this.#background.run(signal);

  /** Writes when the status differs; gives the time after which to look again. */
  async #work(signal: AbortSignal): Promise<number | undefined> {
    const { mirror, clock } = this.#parts;
    const view = mirror.view();
    if (this.#wanted === undefined || view.state !== 'present' || mirror.problem() !== undefined) return undefined;
    const stored = this.#newest(view.object);
    const answer = this.#answer;
    // An object older than our own answer only shows how far the watch lags.
    if (stored !== answer && !(answer !== undefined && isOlder(stored, answer))) this.#other.saw(stored['status']);
    // A report about the spec of another object, or from before it existed, is not about this one.
    if (this.#wanted.snapshot.uid !== stored.metadata.uid) return undefined;
    const known = knownConditions(stored['status']);
    if (known.length > 0) this.#known = known;
    if (clock() >= this.#olderUntil) this.#undeclared.clear();
    const wanted = withoutUndeclared(this.#wanted.status, this.#undeclared);
    const status = withTransitionTimes(boundedStatus(wanted), this.#known);
    const meaning = meaningOf(status, status);
    if (this.#isStored(stored, status, meaning))
      return stored === view.object ? undefined : this.#writtenAt + LATE_MS - clock();

    const isDetail = gistOf(stored['status']) === gistOf(status);
    const pauseMs = this.#other.isThere() ? CONTESTED_PAUSE_MS : isDetail ? DETAIL_MS : 0;
    const isMissing = this.#missing !== undefined && this.#missing.uid === stored.metadata.uid;
    const missingMs = isMissing ? (this.#missing?.until ?? 0) - clock() : 0;
    const waitMs = Math.max(this.#pace.waitMs(), this.#writtenAt + pauseMs - clock(), missingMs);
    if (waitMs > 0) return waitMs;
    this.#pace.took();
    let object: ApiObject;
    try {
      object = await this.#send(status, signal);
    } catch (error) {
      if (isNotFound(error, this.#parts.node) && !isMissing) {
        this.#missing = { uid: stored.metadata.uid, until: clock() + GONE_MS };
        return GONE_MS;
      }
      const undeclared = undeclaredFields(error).filter((field) => !this.#undeclared.has(field));
      if (undeclared.length === 0) throw error;
      for (const field of undeclared) this.#undeclared.add(field);
      this.#olderUntil = clock() + OLDER_MS;
      return 0;
    }
    this.#missing = undefined;
    this.#writtenAt = clock();
    this.#answer = object;
    this.#written = { uid: object.metadata.uid, sent: meaning, got: meaningOf(object['status'], status) };
    this.#known = knownConditions(status);
    this.#other.wrote(object['status']);
    return undefined;
  }

  async #send(status: NodePrepStatus, signal: AbortSignal): Promise<ApiObject> {
    const { client, node } = this.#parts;
    const request = {
      method: 'PATCH',
      path: statusPath(node),
      query: { fieldManager: AGENT_MANAGER, force: true },
      body: appliedNodePrep(node, { status }),
      contentType: 'application/apply-patch+yaml',
    } as const;
    return (await client.send(request, signal)) as ApiObject;
  }

  /** Whether the stored status already says this, possibly pruned by an older CRD. */
  #isStored(stored: ApiObject, status: NodePrepStatus, meaning: string): boolean {
    const found = meaningOf(stored['status'], status);
    const { metadata } = stored;
    const written = this.#written;
    const isEcho = written?.uid === metadata.uid && written?.sent === meaning && written.got === found;
    return found === meaning || isEcho;
  }

  /** The watch may show the object as it was before our last write. */
  #newest(seen: ApiObject): ApiObject {
    const answer = this.#answer;
    if (answer === undefined || answer.metadata.uid !== seen.metadata.uid) return seen;
    const isLate = isOlder(seen, answer) && this.#parts.clock() - this.#writtenAt < LATE_MS;
    return isLate ? answer : seen;
  }
}

/** Resource versions of one object are numbers that rise, since Kubernetes 1.35 by contract and before in fact. */
function isOlder(a: ApiObject, b: ApiObject): boolean {
  const [one, other] = [a.metadata.resourceVersion ?? '', b.metadata.resourceVersion ?? ''];
  if (!/^\d+$/.test(one) || !/^\d+$/.test(other)) return false;
  return one.length === other.length ? one < other : one.length < other.length;
}
