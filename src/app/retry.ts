/** `nodeprep retry`: has the daemon of this host try at once what it holds off or has given a pause. */
import { AREA_NAMES, partOf } from '../api/parts/parts.ts';
import type { AreaName } from '../api/spec/nodeprep.ts';
import type { AreaStatus } from '../api/status/status.ts';
import { InvalidNameError } from '../api/yaml/errors.ts';
import { didYouMean } from '../api/yaml/nearest.ts';
import { listed } from '../api/yaml/words.ts';
import { readStatusFile } from '../disk/status-file.ts';
import { requestRetry } from '../reconcile/loop/fights.ts';
import type { Machine } from './machine.ts';
import { requireRoot } from './privilege.ts';

/** One entry that is tried again. */
export interface Retried {
  readonly area: AreaName;
  readonly name: string;
  readonly reason: string;
}

/** What came of it; without `asked` nothing is held off. */
export interface RetryOutcome {
  readonly asked: boolean;
  /** What the status of this host shows of it: a file that is fought over is no entry. */
  readonly retried: readonly Retried[];
}

/** A name on the command line is no area and no entry of one. */
export class RetryNameError extends Error {
  override readonly name = 'RetryNameError';
}

/**
 * Asks for the named areas (`sysctls`) or entries (`sysctls/net.ipv4.ip_forward`), or for all of them.
 * Throws `NotRootError`, `HostFileError`, `RetryNameError`.
 */
export async function retry(machine: Machine, words: readonly string[]): Promise<RetryOutcome> {
  requireRoot(machine, 'retry');
  const names: readonly string[] = words.length === 0 ? AREA_NAMES : words.map(nameFrom);
  const { nodePrep } = await readStatusFile(machine.host);
  const retried = (nodePrep?.status.areas ?? [])
    .flatMap(waitingOf)
    .filter(({ area, name }) => names.includes(area) || names.includes(`${area}/${name}`));
  const isFought = nodePrep?.status.conditions.some(({ reason }) => reason === 'Contested') === true;
  const asked = retried.length > 0 || isFought;
  if (asked) await requestRetry(machine.host, names);
  return { asked, retried };
}

/** What is held off, or failed and is tried again with growing pauses. */
function waitingOf({ name: area, state, differing }: AreaStatus): Retried[] {
  const isFailing = state === 'Failed' || state === 'Blocked';
  return differing
    .filter(({ reason }) => reason === 'Contested' || isFailing)
    .map(({ name, reason }) => ({ area, name, reason }));
}

function nameFrom(word: string): string {
  const [head = '', ...rest] = word.split('/');
  const area = AREA_NAMES.find((one) => one === head);
  if (area === undefined) {
    const known = `Name an area (${listed(AREA_NAMES)}), or an entry as "sysctls/net.ipv4.ip_forward".`;
    throw new RetryNameError(`There is no area "${head.slice(0, 80)}"${didYouMean(head, AREA_NAMES)}. ${known}`);
  }
  const entry = rest.join('/');
  // An entry named like its area stands for all of it.
  if (entry === '' || entry === area) return area;
  try {
    return `${area}/${partOf(area).entries.named(entry) ?? entry}`;
  } catch (error) {
    if (error instanceof InvalidNameError) throw new RetryNameError(error.message, { cause: error });
    throw error;
  }
}
