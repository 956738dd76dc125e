/**
 * Events on the NodePrep and on its Node, as the recorder of Kubernetes writes them: a repetition raises the
 * count of its Event, many similar ones become one, and a host that changes all the time has a
 * budget. The caller never waits.
 */
import { API_VERSION } from '../../api/spec/nodeprep.ts';
import { rfc3339 } from '../../api/status/conditions.ts';
import { boundedMessage } from '../../api/status/status.ts';
import type { ReportSink } from '../../reconcile/report/node-report.ts';
import { type Background, createBackground } from './background.ts';
import { type ApiClient, ApiError, type ApiObject } from '../client.ts';
import type { EventFact } from '../event-fact.ts';
import { eventsFrom, type KnownProblems } from './derive-events.ts';
import { digestOf } from '../digest.ts';
import type { ObjectMirror } from '../object/object-mirror.ts';
import { createPace } from './pace.ts';
import type { AgentPorts } from '../ports.ts';
import { EVENTS_PATH } from '../resources.ts';

/** As client-go has it: 25 at once, then one in five minutes. */
const BURST = 25;
const REFILL_MS = 5 * 60_000;
/** More different messages of one reason within ten minutes become one Event. */
const ALIKE = 10;
const ALIKE_MS = 10 * 60_000;
/** Facts that wait for the API server; older ones are forgotten, the conditions say what still holds. */
const MAX_WAITING = 32;
const MAX_AGE_MS = 60 * 60_000;
/** Events whose count is raised; the API server forgets them after an hour by default. */
const MAX_TOLD = 128;

/** What the writer is built from. */
export interface EventWriterParts extends Pick<AgentPorts, 'log' | 'clock' | 'now' | 'random'> {
  readonly client: ApiClient;
  readonly node: string;
  readonly mirror: ObjectMirror;
}

interface Waiting {
  readonly fact: EventFact;
  readonly first: Date;
  last: Date;
  times: number;
  /** The objects that have it already, in case the write for another one failed. */
  readonly toldOn: Set<string>;
}

/** What an Event is about, as `involvedObject` has it. */
interface Subject {
  readonly apiVersion: string;
  readonly kind: 'NodePrep' | 'Node';
  readonly name: string;
  readonly uid: string | undefined;
}

/** A sink for reports that works in the background. Sends nothing before `run`. */
export class EventWriter implements ReportSink {
  readonly name = 'Events';
  readonly #parts: EventWriterParts;
  readonly #background: Background;
  readonly #pace;
  #known: KnownProblems = new Set();
  readonly #waiting = new Map<string, Waiting>();
  readonly #told = new Map<string, { readonly name: string; count: number }>();
  readonly #recent = new Map<string, { readonly reason: string; readonly at: number }>();

  constructor(parts: EventWriterParts) {
    const { clock, random, log, mirror } = parts;
    this.#parts = parts;
    this.#pace = createPace({ clock, burst: BURST, refillMs: REFILL_MS, pauseMs: 0 });
    let said = '';
    this.#background = createBackground({
      work: (signal) => this.#work(signal),
      onError: (error) => {
        if (said !== error.message) log.warn('Cannot write Events', { problem: error.message });
        said = error.message;
      },
      clock,
      random,
    });
    mirror.onChange((change) => (change === 'recovered' ? this.#background.hurry() : this.#background.wake()));
  }

  readonly publish: ReportSink['publish'] = async (report) => {
    if (report.unfinished === true) return;
    const { facts, known } = eventsFrom(report, this.#known);
    this.#known = known;
    for (const fact of facts) this.tell(fact);
  };

  /** Adds an Event that no report contains. */
  readonly tell = (fact: EventFact): void => {
    this.#note(fact);
    this.#background.wake();
  };

  readonly run = (signal: AbortSignal): Promise<void> => this.#background.run(signal);

  #note(given: EventFact): void {
    const { clock, now } = this.#parts;
    const fact = this.#combined({ ...given, message: boundedMessage(given.message) }, clock());
    const key = JSON.stringify(fact);
    const waiting = this.#waiting.get(key) ?? { fact, first: now(), last: now(), times: 0, toldOn: new Set() };
    waiting.last = now();
    waiting.times += 1;
    this.#waiting.delete(key);
    this.#waiting.set(key, waiting);
    dropOldest(this.#waiting, MAX_WAITING);
  }

  /** The fact itself, or the one that stands for all similar ones. */
  #combined(fact: EventFact, at: number): EventFact {
    for (const [key, one] of this.#recent) if (at - one.at > ALIKE_MS) this.#recent.delete(key);
    const key = `${fact.reason} ${fact.message}`;
    const alike = [...this.#recent.values()].filter((one) => one.reason === fact.reason);
    if (!this.#recent.has(key) && alike.length >= ALIKE)
      return { ...fact, message: `More than ${ALIKE} different ones within ten minutes; the log of the agent has all` };
    this.#recent.set(key, { reason: fact.reason, at });
    return fact;
  }

  async #work(signal: AbortSignal): Promise<number | undefined> {
    const { mirror, now } = this.#parts;
    const view = mirror.view();
    if (view.state !== 'present' || mirror.problem() !== undefined) return undefined;
    for (const [key, waiting] of this.#waiting) {
      const isOld = now().getTime() - waiting.last.getTime() > MAX_AGE_MS;
      if (!isOld) {
        const waitMs = this.#pace.waitMs();
        if (waitMs > 0) return waitMs;
        this.#pace.took();
        for (const subject of this.#subjects(view.object)) {
          if (waiting.toldOn.has(subject.kind)) continue;
          await this.#tell(subject, waiting, signal);
          waiting.toldOn.add(subject.kind);
        }
      }
      // A fact that was noted again during the write is written with the next one.
      if (this.#waiting.get(key) === waiting) this.#waiting.delete(key);
    }
    return undefined;
  }

  /** `kubectl describe node` looks for the name as uid, which is what kubelets write and need not be read first. */
  #subjects({ metadata }: ApiObject): readonly Subject[] {
    const { node } = this.#parts;
    return [
      { apiVersion: API_VERSION, kind: 'NodePrep', name: metadata.name, uid: metadata.uid },
      { apiVersion: 'v1', kind: 'Node', name: node, uid: node },
    ];
  }

  async #tell(subject: Subject, waiting: Waiting, signal: AbortSignal): Promise<void> {
    const name = this.#nameOf(subject, waiting.fact);
    const told = this.#told.get(name);
    if (told !== undefined) {
      const count = told.count + waiting.times;
      if (await this.#raise(name, { count, lastTimestamp: rfc3339(waiting.last) }, signal)) {
        told.count = count;
        return;
      }
      this.#told.delete(name);
    }
    await this.#create(subject, name, waiting, signal);
  }

  async #create(involvedObject: Subject, name: string, waiting: Waiting, signal: AbortSignal): Promise<void> {
    const { client, node } = this.#parts;
    const { fact, first, last, times } = waiting;
    const body = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: 'default' },
      involvedObject,
      ...fact,
      count: times,
      firstTimestamp: rfc3339(first),
      lastTimestamp: rfc3339(last),
      source: { component: 'nodeprep', host: node },
      reportingComponent: 'nodeprep.dev/agent',
      reportingInstance: node,
    };
    try {
      await client.send({ method: 'POST', path: EVENTS_PATH, body }, signal);
      this.#remember(name, times);
    } catch (error) {
      // An earlier agent has written it within the last hour.
      if (!(error instanceof ApiError) || error.code !== 409) throw error;
      await this.#raise(name, { lastTimestamp: rfc3339(last) }, signal);
    }
  }

  /** Whether the Event is still there and was changed. */
  async #raise(name: string, change: object, signal: AbortSignal): Promise<boolean> {
    try {
      const answer = await this.#parts.client.send(
        {
          method: 'PATCH',
          path: `${EVENTS_PATH}/${encodeURIComponent(name)}`,
          body: change,
          contentType: 'application/merge-patch+json',
        },
        signal,
      );
      const count = (answer as { count?: unknown } | undefined)?.count;
      this.#remember(name, typeof count === 'number' ? count : 1);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return false;
      throw error;
    }
  }

  #remember(name: string, count: number): void {
    this.#told.delete(name);
    this.#told.set(name, { name, count });
    dropOldest(this.#told, MAX_TOLD);
  }

  /** The same fact has the same name, also after the agent was started again. */
  #nameOf({ kind, uid }: Subject, fact: EventFact): string {
    const node = this.#parts.node.slice(0, 200).replace(/[-.]+$/, '');
    return `${node}.${digestOf(kind === 'NodePrep' ? [uid, fact] : [kind, fact]).slice(0, 16)}`;
  }
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
