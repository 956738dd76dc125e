/** The steps of this area. Each carries all that `apply` needs, so that it can be repeated after a crash. */
import type { CgroupDriver, CgroupUser } from '../../../api/parts/cgroup.ts';
import type { Step } from '../../area.ts';
import type { RuntimeName } from '../observe/runtimes.ts';
import type { Refused } from '../refused.ts';

/** Writes one configuration file, or takes back what was written. */
export interface WriteStep extends Step {
  readonly kind: 'write-runtime' | 'write-kubelet';
  /** The program that reads the file. */
  readonly user: CgroupUser;
  readonly file: string;
  /** The text that the plan was made from; absent: there was no such file. */
  readonly before?: string;
  /** The text to write; absent removes the file. */
  readonly after?: string;
  /** How the runtime itself confirms the text before it is written; absent where no program can. */
  readonly proof?: ContainerdProof;
}

/** How `containerd config dump` is shown the text. */
export interface ContainerdProof {
  /** The program of the unit. */
  readonly program: string;
  /** The main file, which may be the file itself or one that imports it. */
  readonly main: string;
  /** The version of the main file, or of the one that a new main file gets. */
  readonly version: number;
  /** The driver that every runtime of runc has afterwards; absent when an earlier text is put back. */
  readonly driver?: CgroupDriver;
  /** Identifies all files that it reads, so that a text which it refused is not shown to it again. */
  readonly seen: string;
}

/** Restarts a runtime so that it reads what was written, and proves that it has the driver; otherwise the file goes back. */
export interface RestartStep extends Step {
  readonly kind: 'restart-runtime';
  readonly user: RuntimeName;
  readonly unit: string;
  /** The driver that it must have afterwards, in every way to run containers with runc; absent: whatever its files say. */
  readonly driver?: CgroupDriver;
  /** The files that go back to `before` when it does not; empty when the files said it before this plan. */
  readonly written: readonly WrittenFile[];
}

/** A file whose text is on trial, and the text before. */
export type WrittenFile = Pick<Refused, 'file' | 'sha256' | 'before'>;

/** Puts back a text that was refused, when a kill has kept that from being done. */
export interface GoBackStep extends Step {
  readonly kind: 'go-back';
  readonly refused: Refused;
}

/** Stops the kubelet while its runtime changes, or starts it again. */
export interface KubeletStep extends Step {
  readonly kind: 'stop-kubelet' | 'start-kubelet';
  /** Writes that follow: what is in their way must be known before the kubelet stops for them. */
  readonly before?: readonly WriteStep[];
}

/** Stops pods that are in the tree of another driver, so that the kubelet makes them anew. */
export interface PodsStep extends Step {
  readonly kind: 'stop-pods' | 'stop-own-pod';
  readonly socket: string;
  readonly driver: CgroupDriver;
  /** UID of the pod that NodePrep runs in, which is stopped last. */
  readonly ownPod?: string;
}

/** Any of them. */
export type CgroupStep = WriteStep | RestartStep | GoBackStep | KubeletStep | PodsStep;

/** The chain of one program: its file, then its restart. The chain of the kubelet needs that of the runtime. */
export function chainOf(user: CgroupUser): string {
  return `driver:${user}`;
}
