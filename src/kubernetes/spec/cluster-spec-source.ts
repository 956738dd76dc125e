/**
 * The spec of a node in a cluster: its NodePrep, watched; the last one received while the API server
 * is away; the local spec until there is one. An object that cannot be enforced leaves the last good
 * spec in force.
 */
import { createQuietMoment } from '../../reconcile/loop/quiet-moment.ts';
import type { SpecSnapshot, SpecSource } from '../../reconcile/report/node-report.ts';
import { chooseSnapshot } from './choose-snapshot.ts';
import type { ObjectMirror, ObjectView } from '../object/object-mirror.ts';
import { digestOf } from '../digest.ts';
import { keepRemoved } from './keep-removed.ts';
import { type ClusterSpec, clusterSpecFrom, recordedSpec, specRevision } from './object-spec.ts';
import type { AgentPorts, LocalSpec } from '../ports.ts';
import type { Registrar } from '../registration/registrar.ts';
import { nodePrepTitle } from '../resources.ts';

/** How long a node without a record of the cluster waits for the API server before its own files count. */
const FIRST_ANSWER_MS = 5000;
/** How long entries that a newer spec leaves out stay without a further change. */
const QUIET_MS = 2000;

/** What the source is built from. */
export interface ClusterSpecParts extends Pick<AgentPorts, 'log' | 'local' | 'store' | 'beyondLimits' | 'clock'> {
  readonly node: string;
  readonly mirror: ObjectMirror;
  readonly registrar: Registrar;
}

/** The source of a node; never throws, because a node without a spec waits for one. */
export class ClusterSpecSource implements SpecSource {
  readonly #parts: ClusterSpecParts;
  readonly #called: string;
  /** The last spec from the cluster that could be enforced. */
  #good: ClusterSpec | undefined;
  /** Why the object that is there now is refused. */
  #refused: { readonly generation: number; readonly message: string } | undefined;
  /** The newer spec plus the entries that it leaves out, until these have waited long enough. */
  #held: ClusterSpec['loaded'] | undefined;
  readonly #quiet: ReturnType<typeof createQuietMoment>;
  #onChange: () => void = () => undefined;
  #local: LocalSpec | undefined;
  /** Of the view that the last snapshot was made from. */
  #seen = '';
  #snapshot: SpecSnapshot | undefined;

  constructor(parts: ClusterSpecParts) {
    this.#parts = parts;
    this.#called = nodePrepTitle(parts.node);
    this.#quiet = createQuietMoment({ clock: parts.clock, quietMs: QUIET_MS, onQuiet: () => this.#onChange() });
    this.#good = recordedSpec(parts.store.read(), this.#called);
  }

  readonly current = async (): Promise<SpecSnapshot> => {
    const local = await this.#readLocal();
    if (this.#snapshot === undefined && this.#good === undefined) await this.#firstAnswer();
    const view = this.#parts.mirror.view();
    this.#seen = keyOf(view);
    await this.#accept(view);
    const next = await this.#choose(view, local);
    // The engine takes the same object for "nothing new", and conditions are not made again.
    if (this.#snapshot !== undefined && JSON.stringify(this.#snapshot) === JSON.stringify(next)) return this.#snapshot;
    this.#say(next, view);
    this.#snapshot = next;
    return next;
  };

  readonly watch = async (onChange: () => void): Promise<() => Promise<void>> => {
    const { local, mirror, registrar } = this.#parts;
    this.#onChange = onChange;
    const unwatch = await local.watch(onChange);
    registrar.onChange(onChange);
    const forget = mirror.onChange(() => {
      // A written status is an event of the watch as well, and does not concern the spec.
      if (keyOf(mirror.view()) !== this.#seen) onChange();
    });
    if (keyOf(mirror.view()) !== this.#seen) onChange();
    return async () => {
      this.#quiet.end();
      this.#onChange = () => undefined;
      forget();
      registrar.onChange(() => undefined);
      await unwatch();
    };
  };

  async #readLocal(): Promise<LocalSpec> {
    const before = this.#local;
    const local = await this.#withinLimits(await this.#parts.local.read());
    const { log, registrar } = this.#parts;
    if (local.kind === 'invalid' && !(before?.kind === 'invalid' && before.problem === local.problem))
      log.error('The local spec cannot be used', { problem: local.problem });
    this.#local = local;
    registrar.declare(local);
    return local;
  }

  /** Files of the host come from its owner; the default comes with the agent, so it counts as asked by the cluster. */
  async #withinLimits(local: LocalSpec): Promise<LocalSpec> {
    if (local.kind !== 'document' || local.origin === 'files') return local;
    const breach = await this.#parts.beyondLimits(local.spec, local.title);
    return breach === undefined ? local : { kind: 'invalid', problem: breach.problem };
  }

  /** Resolves with the server's first answer, or once it is known to be unreachable. */
  async #firstAnswer(): Promise<void> {
    const { mirror } = this.#parts;
    if (mirror.view().state !== 'unknown' || mirror.problem() !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, FIRST_ANSWER_MS);
    const forget = mirror.onChange(() => resolve());
    await promise;
    forget();
    clearTimeout(timer);
  }

  /** Adopts the object of the API server when it can be enforced here. */
  async #accept(view: ObjectView): Promise<void> {
    if (view.state === 'absent') {
      this.#refused = undefined;
      this.#release();
      if (view.why !== 'deleted' || this.#good?.isDeleted !== false) return;
      return this.#keep({ ...this.#good, isDeleted: true });
    }
    if (view.state !== 'present') return;
    const spec = clusterSpecFrom(view.object, this.#called);
    const generation = view.object.metadata.generation ?? 0;
    if ('refused' in spec) {
      this.#refused = { generation, message: spec.refused };
      return;
    }
    const isKnown = this.#good !== undefined && specRevision(this.#good) === specRevision(spec);
    const breach = await this.#parts.beyondLimits(spec.loaded.spec, this.#called);
    if (breach !== undefined && (breach.isCertain || !isKnown)) {
      this.#refused = { generation, message: breach.problem };
      return;
    }
    this.#refused = undefined;
    if (!isKnown && this.#hold(spec)) return;
    this.#release();
    if (isKnown) this.#good = spec;
    else await this.#keep(spec, view.object.metadata.resourceVersion);
  }

  /** Whether the spec leaves out an entry that has not waited long enough. */
  #hold(spec: ClusterSpec): boolean {
    if (this.#good?.isDeleted !== false) return false;
    const loaded = keepRemoved(spec.loaded, this.#good.loaded, this.#called);
    if (loaded === undefined || !this.#quiet.awaits(specRevision(spec))) return false;
    this.#held = loaded;
    return true;
  }

  #release(): void {
    this.#held = undefined;
    this.#quiet.end();
  }

  async #keep(good: ClusterSpec, version?: string): Promise<void> {
    this.#good = good;
    const { uid, generation, isDeleted, loaded } = good;
    const { store } = this.#parts;
    const record = store.read();
    const history = { ...record.history, ...(version === undefined ? {} : { version }) };
    await store.write({ ...record, history, object: { uid, generation, isDeleted, source: loaded.source } });
  }

  async #choose(view: ObjectView, local: LocalSpec): Promise<SpecSnapshot> {
    const { node, registrar, beyondLimits } = this.#parts;
    const held = this.#held;
    const good = this.#good === undefined || held === undefined ? this.#good : { ...this.#good, loaded: held };
    // The owner of the host may have set limits after the spec was received; a mistake in them changes nothing.
    const breach =
      good === undefined || good.isDeleted ? undefined : await beyondLimits(good.loaded.spec, this.#called);
    const limit = breach?.isCertain === true ? breach.problem : undefined;
    const refused =
      this.#refused ?? (limit === undefined ? undefined : { generation: good?.generation, message: limit });
    return chooseSnapshot({
      node,
      view: view.state,
      local,
      willRegister: registrar.willRegister(),
      refusedFields: registrar.refusedFields(),
      ...(view.state === 'present' ? { uid: view.object.metadata.uid ?? '' } : {}),
      ...(view.state === 'absent' ? { absence: view.why } : {}),
      ...(good === undefined || limit !== undefined ? {} : { good }),
      ...(breach === undefined || breach.isCertain ? {} : { unsure: breach.problem }),
      ...(refused === undefined ? {} : { refused: refused.message, generation: refused.generation ?? 0 }),
    });
  }

  #say(next: SpecSnapshot, view: ObjectView): void {
    const { log } = this.#parts;
    const before = this.#snapshot;
    if (next.refused !== undefined && next.refused !== before?.refused)
      log.error('The newest spec is not in force', { problem: next.refused });
    if (next.absent !== undefined && next.absent !== before?.absent) log.warn('No spec', { detail: next.absent });
    if (next.ignored !== undefined && JSON.stringify(next.ignored) !== JSON.stringify(before?.ignored))
      log.warn('Fields of the NodePrep are ignored: this release does not know them', { fields: next.ignored });
    if (next.absent !== undefined || next.revision === before?.revision) return;
    const isCluster = this.#good !== undefined && next.revision?.startsWith(`${this.#good.uid} `) === true;
    const kept = view.state === 'present' ? 'the NodePrep' : 'the NodePrep as it was received last';
    log.info('Spec in force', { from: isCluster ? kept : 'the host', generation: next.generation });
  }
}

/** Changes with everything that concerns the spec. */
function keyOf(view: ObjectView): string {
  if (view.state !== 'present') return view.state;
  const { uid, generation } = view.object.metadata;
  // After a restore of the cluster's store, the same generation counts other changes.
  return `present ${uid} ${generation} ${digestOf(view.object['spec'] ?? {})}`;
}
