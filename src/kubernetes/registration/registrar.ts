/**
 * Keeps what the host declares in its own files in the NodePrep, as one field manager among others:
 * registers it when there is no object, applies it again when the files change, and leaves alone what
 * somebody else owns.
 */
import { type Background, createBackground } from '../report/background.ts';
import type { ApiClient } from '../client.ts';
import { digestOf } from '../digest.ts';
import type { ObjectMirror } from '../object/object-mirror.ts';
import { planRegistration } from './plan-registration.ts';
import type { AgentPorts, AppliedLocal, LocalSpec } from '../ports.ts';
import { type RefusedField, refusalMessage } from './refused-fields.ts';
import { appliedFrom, applyLocal } from './registration.ts';

/** What the registrar is built from. */
export interface RegistrarParts extends Pick<AgentPorts, 'log' | 'memory' | 'clock' | 'random'> {
  readonly client: ApiClient;
  readonly node: string;
  readonly mirror: ObjectMirror;
}

/** Registers and applies in the background. */
export interface Registrar {
  /** Takes note of the local spec as it is now. */
  readonly declare: (local: LocalSpec) => void;
  /** Whether an absent object is made from the local spec as soon as the API server lets it. */
  readonly willRegister: () => boolean;
  /** What the cluster keeps as others wrote it. */
  readonly refusedFields: () => readonly RefusedField[];
  /** Calls back when the refused fields may have changed. */
  readonly onChange: (listener: () => void) => void;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** A registrar that sends nothing before `run`. */
export function createRegistrar(parts: RegistrarParts): Registrar {
  return new LocalFileManager(parts);
}

class LocalFileManager implements Registrar {
  readonly #parts: RegistrarParts;
  readonly #background: Background;
  #local: LocalSpec = { kind: 'none', problem: '' };
  #digest = '';
  #applied: AppliedLocal | undefined;
  #mayRegister = true;
  #tell: () => void = () => undefined;

  constructor(parts: RegistrarParts) {
    const { clock, random, log } = parts;
    this.#parts = parts;
    this.#applied = parts.memory.record().applied;
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
      this.#noteView();
      if (change === 'recovered') this.#background.hurry();
      else this.#background.wake();
    });
  }

  readonly declare = (local: LocalSpec): void => {
    this.#local = local;
    const digest = local.kind === 'document' ? digestOf(local.source) : '';
    // Whoever changes the file of a node whose object was deleted means the node to have an object again.
    if (this.#digest !== '' && digest !== '' && digest !== this.#digest) this.#mayRegister = true;
    if (digest !== '') this.#digest = digest;
    this.#background.wake();
  };

  readonly willRegister = (): boolean => this.#mayRegister && this.#local.kind === 'document';

  readonly refusedFields = (): readonly RefusedField[] => this.#applied?.refused ?? [];

  readonly onChange = (listener: () => void): void => {
    this.#tell = listener;
  };

  readonly run = (signal: AbortSignal): Promise<void> => this.#background.run(signal);

  /** As a kubelet its Node: once, at the start. A CRD that comes (back) is a new start. */
  #noteView(): void {
    const { state } = this.#parts.mirror.view();
    if (state === 'present') this.#mayRegister = false;
    if (state === 'no-resource') this.#mayRegister = true;
  }

  async #work(signal: AbortSignal): Promise<undefined> {
    const { client, node, mirror, log } = this.#parts;
    if (mirror.problem() !== undefined) return;
    const view = mirror.view();
    const local = this.#local;
    const applied = this.#applied === undefined ? {} : { applied: this.#applied };
    const plan = planRegistration({ view, local, mayRegister: this.#mayRegister, ...applied });
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
    const { memory } = this.#parts;
    await memory.keep({ ...memory.record(), applied });
  }
}
