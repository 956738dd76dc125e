/** The part of following an object that knows what was already told, and where the next watch goes on. */
import { type ApiClient, ApiError, type ApiObject, ApiUnreachableError, type WatchEvent } from '../client.ts';
import { refusalFromStatus } from '../transport/refusal.ts';

/** The server ends a watch after so long, spread so that a fleet does not come back at once. */
const WATCH_SECONDS = { least: 290, spread: 290 };

/** The object to follow. */
export interface WatchTarget {
  /** Of the collection, as in `ApiRequest`. */
  readonly path: string;
  readonly name: string;
}

/** Time and chance, which enter from outside. */
export interface WatchSeams {
  readonly clock: () => number;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Told what is new; an error of `changed` ends the round, and the object is shown again in the next one. */
export interface FollowerEvents {
  readonly changed: (object: ApiObject | undefined) => void | Promise<void>;
  /** Asked before an object that was there is told to be gone; throws when that cannot be believed. */
  readonly confirmGone?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** The server answered with something that makes sense. */
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

  constructor(client: ApiClient, target: WatchTarget, events: FollowerEvents, seams: WatchSeams) {
    this.#client = client;
    this.#target = target;
    this.#events = events;
    this.#seams = seams;
  }

  /** The next round begins with a list. */
  forgetVersion(): void {
    this.#version = undefined;
  }

  /** True once when the last round has seen the watch say something. */
  takeProgress(): boolean {
    const had = this.#progress;
    this.#progress = false;
    return had;
  }

  /** Lists when needed, then watches until the watch ends. Throws when any of it fails. */
  async round(signal: AbortSignal): Promise<void> {
    try {
      const version = this.#version ?? (await this.#list(signal));
      this.#version = version;
      for await (const event of this.#client.watch(this.#request(version), signal)) {
        await this.#take(event);
        if (this.#version === undefined) return;
      }
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 410) throw error;
      // The history is gone, which is normal after a long silence: the next round lists.
      this.#version = undefined;
    }
  }

  #request(version: string | undefined) {
    const fieldSelector = `metadata.name=${this.#target.name}`;
    if (version === undefined) return { method: 'GET', path: this.#target.path, query: { fieldSelector } } as const;
    const { least, spread } = WATCH_SECONDS;
    const timeoutSeconds = Math.round(least + spread * this.#seams.random());
    const query = { fieldSelector, resourceVersion: version, allowWatchBookmarks: true, timeoutSeconds };
    return { method: 'GET', path: this.#target.path, query } as const;
  }

  async #list(signal: AbortSignal): Promise<string> {
    const list = await this.#client.send(this.#request(undefined), signal);
    const { metadata, items } = (list ?? {}) as { metadata?: { resourceVersion?: unknown }; items?: unknown };
    const version = metadata?.resourceVersion;
    if (typeof version !== 'string' || version === '' || !Array.isArray(items))
      throw new ApiUnreachableError(`Cannot list "${this.#target.path}": the answer is not a list of objects`);
    const found = (items as unknown[]).filter(isObject).find((item) => this.#isOurs(item));
    if (found === undefined && this.#told !== undefined && this.#told !== '') await this.#events.confirmGone?.(signal);
    // First what is there: "answers again" must not mean an object of before that is gone.
    await this.#tell(found);
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
    // Only now: an event that could not be told must come again.
    this.#version = isGone ? undefined : version;
    this.#progress = true;
    this.#events.alive();
  }

  #isOurs(object: ApiObject): boolean {
    return object.metadata.name === this.#target.name;
  }

  async #tell(object: ApiObject | undefined): Promise<void> {
    const key = object === undefined ? '' : `${object.metadata.uid} ${object.metadata.resourceVersion}`;
    if (key === this.#told) return;
    try {
      await this.#events.changed(object);
      this.#told = key;
    } catch (error) {
      this.#told = undefined;
      this.#version = undefined;
      throw error;
    }
  }
}

function isObject(value: unknown): value is ApiObject {
  const metadata = (value as { metadata?: { name?: unknown } | null } | null | undefined)?.metadata;
  return typeof metadata?.name === 'string';
}
