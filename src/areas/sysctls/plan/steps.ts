/** The steps of this area. Each carries all that `apply` needs, so that it can be repeated after a crash. */
import type { WantedSysctl } from '../desired.ts';
import type { Step } from '../../area.ts';

/** Makes one live value as declared. */
export interface LiveStep extends Step {
  readonly kind: 'live';
  readonly entry: WantedSysctl;
  /** The declared module whose loading brings the key, when the key is not there yet. */
  readonly provider?: string;
}

/** Puts one live value back to what it was before NodePrep. */
export interface RestoreStep extends Step {
  readonly kind: 'restore';
  readonly name: string;
  readonly original: string;
  /** Only a value that is one of these is ours to take back. */
  readonly wrote: readonly string[];
}

/** One line of our own sysctl.d file. */
export interface ConfLine {
  readonly entry: WantedSysctl;
  readonly value: string;
  /** The key waits for a declared module, so the kernel cannot confirm the value yet. */
  readonly isWaiting: boolean;
}

/** Writes, or removes, our own sysctl.d file in one piece. */
export interface ConfStep extends Step {
  readonly kind: 'conf';
  readonly lines: readonly ConfLine[];
  /** What was there before NodePrep, put back when no line is left. */
  readonly original?: string;
}

/** Writes, or removes, our udev rule. */
export interface RulesStep extends Step {
  readonly kind: 'rules';
  /** Bytes of the file; absent removes it. */
  readonly content?: string;
}

/** Any of them. */
export type SysctlStep = LiveStep | RestoreStep | ConfStep | RulesStep;
