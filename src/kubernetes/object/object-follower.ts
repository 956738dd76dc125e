/** The state of following an object: what was reported already, and where the next watch continues. */
import { type ApiClient, ApiError, type ApiObject, ApiUnreachableError, type WatchEvent } from '../client.ts';
import type { Absence, Evidence } from './absence.ts';
import { refusalFromStatus } from '../transport/refusal.ts';

/** The server ends a watch after this time, spread so that a fleet does not reconnect at once. */
const WATCH_SECONDS = { least: 290, spread: 290 };

/** A watch that the server ends sooner, by this factor, ends because of the server. */
const EARLY = 0.9;
/** A list now and then shows whether the history of resumed watches is still the server's. */
const LIST_AGAIN_MS = 60 * 60_000;

/** The object to follow. */
export interface WatchTarget {
  /** Of the collection, as in `ApiRequest`. */
  readonly path: string;
  readonly name: string;
  /** What a process before this one has seen. */
  readonly known?: { readonly version: string | undefined };
}

/** Time and randomness, injected. */
export interface WatchSeams {
  readonly clock: () => number;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Told what is new; an error of `changed` ends the round, and the object is shown again in the next one. */
export interface FollowerEvents {
  readonly changed: (object: ApiObject | undefined, why?: Absence) => void | Promise<void>;
  /** Asked why an object that was there is missing; throws when that cannot be believed. */
  readonly judgeAbsence?: ((evidence: Evidence, signal: AbortSignal) => Promise<Absence>) | undefined;
  /** Asked after 404; throws a more precise error when it has one. */
  readonly notFound?: ((signal: AbortSignal) => Promise<unknown>) | undefined;
  /** The server gave a valid answer. */
  readonly alive: () => void;
}

/** Follows one object over any number of rounds. */
export class ObjectFollower {
  readonly #client: ApiClient;
  readonly #target: WatchTarget;
  readonly #events: FollowerEvents;
  readonly #seams: WatchSeams;
  /** Where the next watch goes on; `undefined` when the state is to be listed first. */
  #version: string | undefined;
  /** What was last told: uid and version of the object, '' for none, `undefined` before the first time. */
  #told: string | undefined;
  #progress = false;
  /** Up to where the history of the server is known. */
  #highest: string | undefined;
  #listedAt = Number.NEGATIVE_INFINITY;
  /** There was an object, as far as this process or one before knows. */
  #wasThere: boolean;
  #wasDeleted = false;

  constructor(client: ApiClient, target: WatchTarget, events: FollowerEvents, seams: WatchSeams) {
    this.#client = client;
    this.#target = target;
    this.#events = events;
    this.#seams = seams;
    this.#wasThere = target.known !== undefined;
    this.#highest = target.known?.version;
  }

  /** Up to where the history of the server is known; `undefined` before the first answer. */
  highest(): string | undefined {
    return this.#highest;
  }

  /**
   * The next round begins with a list. A server with another history, such as one restored from a backup, sends nothing
   * for a version that it has not reached yet.
   */
  forgetVersion(): void {
    this.#version = undefined;
  }

  /** True once after a round in which the watch sent something. */
  takeProgress(): boolean {
    const had = this.#progress;
    this.#progress = false;
    return had;
  }

  /** Lists when needed, then watches until the watch ends. Throws when any of it fails. */
  async round(signal: AbortSignal): Promise<void> {
    try {
      if (this.#seams.clock() - this.#listedAt >= LIST_AGAIN_MS) this.#version = undefined;
      this.#version ??= await this.#list(signal);
      const request = this.#request(this.#version);
      const startedAt = this.#seams.clock();
      for await (const event of this.#client.watch(request, signal)) {
        await this.#take(event);
        if (this.#version === undefined) return;
      }
      const lastedMs = this.#seams.clock() - startedAt;
      if (lastedMs < (request.query.timeoutSeconds ?? 0) * 1000 * EARLY) this.#version = undefined;
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) await this.#events.notFound?.(signal);
      if (!(error instanceof ApiError) || error.code !== 410) throw error;
      // The history is gone, which is normal after a long silence: the next round lists.
      this.#version = undefined;
    }
  }

  #request(version: string) {
    const fieldSelector = `metadata.name=${this.#target.name}`;
    const { least, spread } = WATCH_SECONDS;
    const timeoutSeconds = Math.round(least + spread * this.#seams.random());
    const query = { fieldSelector, resourceVersion: version, allowWatchBookmarks: true, timeoutSeconds };
    return { method: 'GET', path: this.#target.path, query } as const;
  }

  async #list(signal: AbortSignal): Promise<string> {
    const query = { fieldSelector: `metadata.name=${this.#target.name}` };
    const list = await this.#client.send({ method: 'GET', path: this.#target.path, query }, signal);
    const { metadata, items } = (list ?? {}) as { metadata?: { resourceVersion?: unknown }; items?: unknown };
    const version = metadata?.resourceVersion;
    if (typeof version !== 'string' || version === '' || !Array.isArray(items))
      throw new ApiUnreachableError(`Cannot list "${this.#target.path}": the answer is not a list of objects`);
    const found = (items as unknown[]).filter(isObject).find((item) => this.#isOurs(item));
    const evidence = {
      isOtherHistory: isLower(version, this.#highest),
      wasTold: this.#wasDeleted,
      version: this.#highest,
    };
    const isMissing = found === undefined && this.#wasThere;
    const why = isMissing ? await this.#events.judgeAbsence?.(evidence, signal) : 'never';
    // The object first: "answers again" must not refer to an object that is gone.
    await this.#tell(found, why);
    this.#highest = version;
    this.#listedAt = this.#seams.clock();
    this.#events.alive();
    return version;
  }

  async #take({ type, object }: WatchEvent): Promise<void> {
    const what = `Cannot watch "${this.#target.path}"`;
    if (type === 'ERROR') throw refusalFromStatus(what, object, Date.now());
    const version = (object as { metadata?: { resourceVersion?: unknown } } | undefined)?.metadata?.resourceVersion;
    if (typeof version !== 'string' || version === '')
      throw new ApiUnreachableError(`${what}: an event has no resourceVersion`);
    const isOurs = type !== 'BOOKMARK' && isObject(object) && this.#isOurs(object);
    // All objects of a kind are deleted when the kind itself is: only a list tells the one from the other.
    const isGone = isOurs && type === 'DELETED';
    if (isOurs && !isGone) await this.#tell(object);
    this.#wasDeleted ||= isGone;
    // Only now: an event that could not be delivered must come again.
    this.#version = isGone ? undefined : version;
    this.#highest = version;
    this.#progress = true;
    this.#events.alive();
  }

  #isOurs(object: ApiObject): boolean {
    return object.metadata.name === this.#target.name;
  }

  async #tell(object: ApiObject | undefined, why?: Absence): Promise<void> {
    const key = object === undefined ? '' : `${object.metadata.uid} ${object.metadata.resourceVersion}`;
    if (key === this.#told) return;
    try {
      await this.#events.changed(object, why);
      this.#told = key;
      this.#wasThere = object !== undefined;
      this.#wasDeleted = false;
    } catch (error) {
      this.#told = undefined;
      this.#version = undefined;
      throw error;
    }
  }
}

/** Resource versions are numbers that rise, since Kubernetes 1.35 by contract and before in fact. */
function isLower(version: string, than: string | undefined): boolean {
  if (than === undefined || !/^\d+$/.test(version) || !/^\d+$/.test(than)) return false;
  return version.length === than.length ? version < than : version.length < than.length;
}

function isObject(value: unknown): value is ApiObject {
  const metadata = (value as { metadata?: { name?: unknown } | null } | null | undefined)?.metadata;
  return typeof metadata?.name === 'string';
}
