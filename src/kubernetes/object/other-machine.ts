/**
 * Notices another machine with the name of this node: both then write the status of one NodePrep in turn, and readers see
 * now the one, now the other. A machine that replaced an older one sees a foreign status once and its own from then on;
 * only a status that comes back after it was overwritten proves a live writer.
 */
import type { NodeFacts } from '../../api/status/status.ts';
import type { EventFact } from '../event-fact.ts';
import type { AgentPorts } from '../ports.ts';

/** Once is a restored backup, or the last write of a machine that is being replaced. */
const RETURNS = 2;
/** Longer than two agents leave each other's status alone; after that the other machine is gone. */
const OVER_MS = 20 * 60_000;
/** While two machines write in turn, each does it this seldom. */
export const CONTESTED_PAUSE_MS = 5 * 60_000;
const SAY_MS = 60 * 60_000;

/** What tells machines apart. */
type Identity = Pick<NodeFacts, 'machineID' | 'bootID'>;

/** What the watch over other machines is built from. */
export interface OtherMachineParts extends Pick<AgentPorts, 'log' | 'clock'> {
  readonly node: string;
  readonly tell: (fact: EventFact) => void;
}

/** Compares the machines that wrote the status. */
export interface OtherMachine {
  /** Takes note of the status as the API server has it after our own write. */
  readonly wrote: (stored: unknown) => void;
  /** Takes note of a status that is newer than our last write. */
  readonly saw: (stored: unknown) => void;
  /** Whether another machine has been writing it recently. */
  readonly isThere: () => boolean;
}

/** Knows of no other machine at first. */
export function createOtherMachine({ log, clock, node, tell }: OtherMachineParts): OtherMachine {
  /** As it came back from the last write: a definition that is older than the fields does not store them. */
  let own: Identity = {};
  let isOurs = false;
  let returns = 0;
  let returnedAt = Number.NEGATIVE_INFINITY;
  let saidAt = Number.NEGATIVE_INFINITY;
  const isThere = () => returns >= RETURNS && clock() - returnedAt < OVER_MS;
  const say = (other: Identity) => {
    if (clock() - saidAt < SAY_MS) return;
    saidAt = clock();
    const problem =
      `Another machine writes the status of this NodePrep in turn with this one: two machines go by the name "${node}". ` +
      `This one has ${textOf(own)}, the other one ${textOf(other)}. ` +
      'Give each a name of its own, with --node-name, NODE_NAME or its host name, and restart its agent';
    log.warn(problem, { node, own, other });
    tell({ type: 'Warning', reason: 'NodeNameContested', message: problem });
  };
  return {
    wrote: (stored) => {
      own = identityFrom(stored);
      isOurs = isKnown(own);
    },
    saw: (stored) => {
      const other = identityFrom(stored);
      if (!isOurs || !isKnown(other) || isSame(own, other)) return;
      isOurs = false;
      returns = clock() - returnedAt < OVER_MS ? returns + 1 : 1;
      returnedAt = clock();
      if (isThere()) say(other);
    },
    isThere,
  };
}

/** Any client may have written it. */
function identityFrom(status: unknown): Identity {
  const facts = ((status as { node?: unknown } | null | undefined)?.node ?? {}) as Readonly<Record<string, unknown>>;
  const { machineID, bootID } = facts;
  return {
    ...(typeof machineID === 'string' ? { machineID } : {}),
    ...(typeof bootID === 'string' ? { bootID } : {}),
  };
}

function isKnown({ machineID, bootID }: Identity): boolean {
  return machineID !== undefined || bootID !== undefined;
}

function isSame(one: Identity, other: Identity): boolean {
  return one.machineID === other.machineID && one.bootID === other.bootID;
}

/** As people find it on the machine. */
function textOf({ machineID = 'none', bootID = 'unknown' }: Identity): string {
  return `/etc/machine-id ${machineID} (boot ${bootID})`;
}
