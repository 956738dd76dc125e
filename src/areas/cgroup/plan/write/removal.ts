/** Takes back what was written for programs whose driver is no longer declared. Pure. */
import type { CgroupUser } from '../../../../api/parts/cgroup.ts';
import type { Finding, Memory, Remembered } from '../../../area.ts';
import type { Desired } from '../../desired.ts';
import type { Observed } from '../../observe/observe.ts';
import { writersOf } from '../../observe/writing/writers.ts';
import { writtenFiles } from '../../keys.ts';
import { chainOf, type WriteStep } from '../steps.ts';
import { proofFor } from './containerd.ts';
import { revertedText } from './revert.ts';

/** What is known of a file whose record is lost. */
const UNKNOWN: Remembered = {
  key: '',
  original: { state: 'unknown', why: 'the record is lost' },
  wrote: [],
  since: '',
  changed: '',
};

/** The way back. */
export interface Removal {
  readonly steps: readonly WriteStep[];
  /** Ledger keys for which nothing is left to do. */
  readonly spent: readonly string[];
  readonly left: readonly Finding[];
}

/** Plans it; with `Keep` the driver stays, because pods run with it. */
export function planRemoval({ spec, deletionPolicy }: Desired, observed: Observed, memory: Memory): Removal {
  const steps: WriteStep[] = [];
  const spent: string[] = [];
  const left: Finding[] = [];
  const kept = writersOf(spec, observed);
  const unrecorded = deletionPolicy === 'Restore' ? (observed.writing?.unrecorded ?? []) : [];
  for (const { key, user, file } of [...writtenFiles(memory), ...unrecorded]) {
    const known = memory.get(key) ?? UNKNOWN;
    const now = observed.writing?.written.get(file);
    if (kept.includes(user)) continue;
    const after = now === undefined ? undefined : revertedText({ user, file, now }, known);
    if (now === undefined || after === now) spent.push(...(memory.has(key) ? [key] : []));
    else if (deletionPolicy === 'Keep') {
      spent.push(key);
      left.push(leftIn(user, file));
    } else steps.push(stepFor(user, { key, file, now, after }, observed));
  }
  return { steps, spent, left };
}

interface Back {
  readonly key: string;
  readonly file: string;
  readonly now: string;
  readonly after: string | undefined;
}

function stepFor(user: CgroupUser, { key, file, now, after }: Back, { writing }: Observed): WriteStep {
  const proof =
    user === 'containerd' && file === writing?.containerd?.main && after !== undefined
      ? proofFor(writing.containerd)
      : undefined;
  return {
    kind: user === 'kubelet' ? 'write-kubelet' : 'write-runtime',
    user,
    file,
    before: now,
    ...(after === undefined ? {} : { after }),
    ...(proof === undefined ? {} : { proof }),
    chain: chainOf(user),
    changes: [
      {
        action: after === undefined ? 'delete' : 'update',
        target: `cgroup driver of ${user}`,
        to: 'as before NodePrep',
        scope: 'persistent',
        file,
        disruption: 'None',
      },
    ],
    forgets: [key],
  };
}

function leftIn(user: string, file: string): Finding {
  return {
    target: 'cgroup',
    reason: 'AsExpected',
    required: false,
    file,
    message: `The cgroup driver of ${user} stays in ${file}: deletionPolicy is Keep, and running pods have it. To change it, drain the node, edit the file and restart ${user}.`,
  };
}
