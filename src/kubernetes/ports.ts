/**
 * What the agent needs of the host it runs on; the daemon gives it. This folder knows the API server
 * and the engine, but no files, no metrics and no log of its own.
 */
import type { LimitBreach } from '../api/spec/limits.ts';
import type { NodePrepSpec, NodePrepSpecSource } from '../api/spec/nodeprep.ts';
import type { AgentLog } from './log.ts';

/** The local spec of the host, for registration and for the time without an API server. */
export type LocalSpec =
  | {
      readonly kind: 'document';
      /** `default`: the host has no files, the document of the command line stands in. */
      readonly origin: 'files' | 'default';
      /** What messages call it, such as `/etc/nodeprep/nodeprep.yaml`. */
      readonly title: string;
      readonly spec: NodePrepSpec;
      readonly source: NodePrepSpecSource;
    }
  | { readonly kind: 'none'; readonly problem: string }
  | { readonly kind: 'invalid'; readonly problem: string };

/** Reads the local spec, and tells when to read it again. */
export interface LocalSpecPort {
  /** Never throws: what cannot be read is `invalid`. */
  readonly read: () => Promise<LocalSpec>;
  readonly watch: (onChange: () => void) => Promise<() => Promise<void>>;
}

/** The last state from the API server, on disk so that it is enforced while the server is away. */
export interface ClusterRecord {
  readonly object?: {
    readonly uid: string;
    readonly generation: number;
    /** The spec as it was received, without fields that this release does not know. */
    readonly source: NodePrepSpecSource;
    /** The object is gone; of its spec only the deletion policy still counts. */
    readonly isDeleted: boolean;
  };
  readonly applied?: AppliedLocal;
  /** What tells this cluster from itself before a restore, and its definition from one that was made again. */
  readonly history?: {
    /** Up to where the history of the API server was known when the agent ended. */
    readonly version?: string;
    /** The uid of the definition. */
    readonly definition?: string;
  };
}

/** A field that the cluster keeps as another manager wrote it. */
export interface RefusedField {
  /** As the API server writes it: `.spec.sysctls[name="vm.swappiness"].value`. */
  readonly field: string;
  readonly manager: string;
}

/** What the local file has brought into the object. */
export interface AppliedLocal {
  readonly uid: string;
  /** Of the local document, to notice when it changes. */
  readonly digest: string;
  readonly origin: 'files' | 'default';
  /** Fields that other managers own; their values stay. */
  readonly refused: readonly RefusedField[];
  /** The owners when the fields were refused: trying again makes sense only after a change. */
  readonly ownership: string;
}

/** The record on disk; one that cannot be written is logged by the host and never thrown. */
export interface RecordStore {
  readonly read: () => ClusterRecord;
  readonly write: (record: ClusterRecord) => Promise<void>;
}

/** Receives every exchange with the API server, for the metrics. */
export interface ExchangeObserver {
  /** `code` is that of the answer, or `error` when there was none. */
  readonly onRequest: (verb: string, code: number | 'error') => void;
  /** Something came from the server. */
  readonly onContact: () => void;
  readonly onConnected: (isConnected: boolean) => void;
}

/** Everything of the host and of the process that the agent works with. */
export interface AgentPorts {
  readonly log: AgentLog;
  readonly local: LocalSpecPort;
  readonly store: RecordStore;
  /** Why this host does not accept a spec from the API; `undefined` when it does. */
  readonly beyondLimits: (spec: NodePrepSpec, called: string) => Promise<LimitBreach | undefined>;
  readonly observer: ExchangeObserver;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly now: () => Date;
  /** 0 to 1. */
  readonly random: () => number;
}
