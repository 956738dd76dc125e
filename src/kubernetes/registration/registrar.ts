/**
 * Keeps what the host declares in its own files in the NodePrep, as one field manager among others:
 * registers it when there is no object, applies it again when the files change, and leaves fields of
 * other managers alone.
 */
import { type Background, createBackground } from '../report/background.ts';
import type { ApiClient } from '../client.ts';
import type { ObjectMirror } from '../object/object-mirror.ts';
import { ownershipOf } from '../object/ownership.ts';
import { mayRegister, planRegistration } from './plan-registration.ts';
import type { AgentPorts, AppliedLocal, LocalSpec, RefusedField } from '../ports.ts';
import { refusalMessage } from './refused-fields.ts';
import { appliedFrom, applyLocal, restoreObject } from './registration.ts';

/** What the registrar is built from. */
export interface RegistrarParts extends Pick<AgentPorts, 'log' | 'store' | 'clock' | 'random'> {
  readonly client: ApiClient;
  readonly node: string;
  readonly mirror: ObjectMirror;
}

/** Registers and applies in the background. Sends nothing before `run`. */
export class Registrar {
  readonly #parts: RegistrarParts;
  readonly #background: Background;
  #local: LocalSpec = { kind: 'none', problem: '' };
  #applied: AppliedLocal | undefined;
  #tell: () => void = () => undefined;

  constructor(parts: RegistrarParts) {
    const { clock, random, log } = parts;
    this.#parts = parts;
    this.#applied = parts.store.read().applied;
    this.#background = createBackground({
      work: (signal) => this.#work(signal),
      onError: (error, retryMs) => {
        const retrySeconds = Math.round(retryMs / 1000);
        log.warn('Cannot bring the local spec into the cluster', { problem: error.message, retrySeconds });
      },
      clock,
      random,
    });
    parts.mirror.onChange((change) => {
      if (change === 'recovered') this.#background.hurry();
      else this.#background.wake();
    });
  }

  /** Takes note of the local spec as it is now. */
  readonly declare = (local: LocalSpec): void => {
    this.#local = local;
    this.#background.wake();
  };

  /** Whether an absent object is made from the local spec as soon as the API server lets it. */
  readonly willRegister = (): boolean => {
    const view = this.#parts.mirror.view();
    return mayRegister(view.state === 'absent' ? view.why : 'never', this.#local, this.#applied);
  };

  /** The fields that the cluster holds as other managers wrote them. */
  readonly refusedFields = (): readonly RefusedField[] => this.#applied?.refused ?? [];

  /** Calls back when the refused fields may have changed. */
  readonly onChange = (listener: () => void): void => {
    this.#tell = listener;
  };

  readonly run = (signal: AbortSignal): Promise<void> => this.#background.run(signal);

  async #work(signal: AbortSignal): Promise<undefined> {
    const { client, node, mirror, log, store } = this.#parts;
    if (mirror.problem() !== undefined) return;
    const view = mirror.view();
    const local = this.#local;
    const applied = this.#applied === undefined ? {} : { applied: this.#applied };
    const { object: known } = store.read();
    const enforced = known?.isDeleted === false ? { enforced: known.source } : {};
    const plan = planRegistration({ view, local, ...applied, ...enforced });
    if (plan.action === 'restore') {
      const restored = await restoreObject(client, node, plan.source, signal);
      log.warn('Brought back the NodePrep that the cluster had lost, with the spec that is in force');
      // The file as it was applied before: later changes of it are applied next.
      if (this.#applied !== undefined && restored?.metadata.uid !== undefined)
        await this.#remember({
          ...this.#applied,
          uid: restored.metadata.uid,
          refused: [],
          ownership: ownershipOf(restored),
        });
      return;
    }
    if (plan.action === 'none' || local.kind !== 'document') return;
    if (plan.action === 'note') return this.#remember(plan.applied);

    const seen = plan.why !== 'register' && view.state === 'present' ? view.object.metadata.uid : undefined;
    const { object, refused } = await applyLocal(client, node, local, signal, seen);
    if (refused.length > 0) {
      log.warn('Conflicting with other field managers', { detail: refusalMessage(refused, local.title) });
    } else {
      const said =
        plan.why === 'register' ? 'Registered the NodePrep of this node' : 'Brought the local spec into the NodePrep';
      log.info(said, { from: local.title });
    }
    const target = object ?? (view.state === 'present' ? view.object : undefined);
    if (target !== undefined) await this.#remember(appliedFrom(local, target, refused));
    this.#tell();
  }

  async #remember(applied: AppliedLocal): Promise<undefined> {
    this.#applied = applied;
    const { store } = this.#parts;
    await store.write({ ...store.read(), applied });
  }
}
