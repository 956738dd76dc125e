/** Proves that a restarted runtime runs as wanted, by asking it. */
import type { CgroupDriver } from '../../../api/parts/cgroup.ts';
import { CommandError, CommandMissingError } from '../../../host/errors.ts';
import type { Host } from '../../../host/host.ts';
import { pause } from '../../pause.ts';
import { askRuntime } from '../observe/cri/cri.ts';
import { type RuntimeName, SOCKETS } from '../observe/runtimes.ts';
import { differenceIn } from '../plan/trials.ts';

/** Under emulation and load a containerd needs half of it. */
const DEADLINE_MS = 60_000;
const POLL_MS = 250;

/** What is proved. */
export interface Proof {
  readonly user: RuntimeName;
  /** Absent: only that it answers and is ready. */
  readonly driver?: CgroupDriver;
}

/** What a runtime is instead of what was wanted; `isFinal` when it runs so and waiting does not change it. */
interface Refutation {
  readonly problem: string;
  readonly isFinal?: true;
}
type Verdict = 'proved' | Refutation;

/** Waits until the runtime is as wanted; otherwise returns what it is instead. Throws only when aborted. */
export async function proveRuntime(host: Host, proof: Proof, signal: AbortSignal): Promise<Refutation | undefined> {
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
  }, DEADLINE_MS);
  try {
    for (;;) {
      const verdict = proof.user === 'docker' ? await askDocker(host, proof, signal) : await ask(host, proof, signal);
      if (verdict === 'proved') return undefined;
      if (verdict.isFinal === true) return verdict;
      if (isOver) return { problem: `${verdict.problem} after ${DEADLINE_MS / 1000} s` };
      await pause(POLL_MS, signal);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Counts the questions of this process: answers of the run before must not be taken for new ones. */
let asked = 0;

async function ask(host: Host, { user, driver }: Proof, signal: AbortSignal): Promise<Verdict> {
  asked += 1;
  const said = await askRuntime(host, SOCKETS[user], `proof ${asked}`, signal);
  if ('problem' in said) return { problem: `it does not answer (${said.problem})` };
  const { answer } = said;
  if (!answer.isReady) return { problem: 'it answers that it is not ready' };
  const problem = driver === undefined ? undefined : differenceIn(answer, driver);
  return problem === undefined ? 'proved' : { problem, isFinal: true };
}

/** Docker without cri-dockerd has no socket of CRI; its own program knows. */
async function askDocker(host: Host, { driver }: Proof, signal: AbortSignal): Promise<Verdict> {
  try {
    const { stdout } = await host.query(['docker', 'info', '--format', '{{.CgroupDriver}}'], {
      timeoutMs: 5000,
      signal,
    });
    const found = stdout.trim();
    return driver === undefined || found === driver ? 'proved' : { problem: `it answers ${found}`, isFinal: true };
  } catch (error) {
    signal.throwIfAborted();
    // Its program is a package of its own; that the unit started is all that can be known then.
    if (error instanceof CommandMissingError) return 'proved';
    if (!(error instanceof CommandError)) throw error;
    return { problem: `it does not answer (${error.stderr.trim() || error.message})` };
  }
}
