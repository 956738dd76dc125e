/**
 * What an area asks of the rest of NodePrep and of the system around it, besides being reconciled. Declared here and
 * by the area, so that sweep, metrics, `verify`, the command line and the manifests name no area.
 */
import type { NodePrepSpec } from '../api/spec/nodeprep.ts';
import type { NodeFacts } from '../api/status/status.ts';
import type { Host, HostReader } from '../host/host.ts';
import type { Query } from '../host/query.ts';

/** A number that is read from the host at every scrape, or facts that are shown as labels of a series that is 1. */
export interface AreaGauge {
  /** Without the prefix `nodeprep_`. */
  readonly name: string;
  readonly help: string;
  /** Names of the facts; absent for a number. */
  readonly labels?: readonly string[];
  /** `undefined` when it cannot be known. */
  readonly read: (host: HostReader) => Promise<number | Readonly<Record<string, string>> | undefined>;
}

/** Changes of one kind that are counted by what they were made to and by how they came out. */
export interface AreaCounter {
  /** Without the prefix `nodeprep_`. */
  readonly name: string;
  readonly help: string;
  /** Name of the label for what they are made to, and its values, each with the target of the changes that count. */
  readonly label: string;
  readonly targets: Readonly<Record<string, string>>;
  /** As changes have it: `restart`. */
  readonly action: string;
}

/** A command of the area's own: `nodeprep AREA NAME`. */
export interface AreaCommand {
  readonly name: string;
  /** What help says about it, in one line. */
  readonly summary: string;
  /** Throws what a person must know; `out` prints the result. */
  readonly run: (host: Host, out: (text: string) => void, signal: AbortSignal) => Promise<void>;
}

/**
 * What an area reads of a host, so that a copy of it shows the same. A name with a "*" in its last part stands for every
 * entry of its folder that fits.
 */
export interface AreaReads {
  /** Files and folders of the persistent side, with links as links. */
  readonly files?: readonly string[];
  /** Programs of which only the presence counts. */
  readonly programs?: readonly string[];
  /** What the kernel shows. */
  readonly live?: readonly string[];
  /** Answers of programs, by the name of the file that keeps them. */
  readonly commands?: Readonly<Record<string, Query>>;
}

/** Values of a setting, each with what the area needs it for. */
type Needed = Readonly<Record<string, string>>;

/** What the systemd units and the pod must grant because of an area. Without it, what it is for fails with EPERM. */
export interface AreaRights {
  /** Settings of the units that list what is allowed. */
  readonly unit?: {
    readonly CapabilityBoundingSet?: Needed;
    readonly SystemCallFilter?: Needed;
    readonly RestrictAddressFamilies?: Needed;
    readonly DeviceAllow?: Needed;
    readonly ReadWritePaths?: Needed;
    readonly BindPaths?: Needed;
  };
  /** Capabilities that only some entries need, each with those: neither units nor pod have them, and who declares such an entry grants them. */
  readonly onDemand?: Needed;
  /** Protections that the units must leave out. */
  readonly unprotected?: Needed;
  readonly pod?: {
    readonly capabilities?: Needed;
    /** `hostNetwork`, `hostIPC`, `hostPID`. */
    readonly namespaces?: Needed;
    /** Paths of the host that are mounted besides its root. */
    readonly mounts?: Needed;
  };
}

/** An entry that there is something to say about. */
export interface Topic {
  readonly name: string;
  /** Why Kubernetes needs it. */
  readonly why: string;
}

/** What an area declares about itself, apart from how it is reconciled. */
export interface Surroundings {
  /** Folders in which it writes files or links: what a kill left unfinished there is removed. */
  readonly writesIn: readonly string[];
  readonly rights: AreaRights;
  /** What `nodeprep capture` copies. */
  readonly reads: AreaReads;
  readonly gauges?: readonly AreaGauge[];
  readonly counters?: readonly AreaCounter[];
  readonly commands?: readonly AreaCommand[];
  /** Entries that `explain --list` names, whether or not they are declared. */
  readonly topics?: readonly Topic[];
  /** Names on this host that a misspelt entry may have meant. Throws `HostFileError`. */
  readonly namesLike?: (host: HostReader, entry: string) => Promise<readonly string[]>;
  /**
   * By which name this host knows a declared entry, where it has several, such as aliases of modules: limits hold for
   * both. Throws `HostFileError`.
   */
  readonly namesOnHost?: (host: HostReader, spec: NodePrepSpec) => Promise<(name: string) => string>;
  /** Facts about the host that only this area knows. Throws nothing: what cannot be read is left out. */
  readonly facts?: (host: HostReader) => Promise<NodeFacts>;
}
