/** What the configuration files of a container runtime say about cgroups, in the words that all runtimes share. */
import type { CgroupDriver } from '../../../api/parts/cgroup.ts';
import type { ConfigFile } from '../../unit-files.ts';
import type { Handler } from './cri/cri.ts';

/** A place in a file. */
export interface Place {
  readonly file: string;
  readonly line?: number;
}

/** Something in the files that lets pods fail, or that hides what is in force. */
export interface ConfigProblem {
  /** What is wrong, what it does on a node and what to do, each once. */
  readonly message: string;
  readonly place: Place;
  /** True when pods of the default handler cannot start, or the kubelet does not reach the runtime. */
  readonly isFatal: boolean;
}

/** What the files say together, for the next start of the runtime. */
export interface RuntimeConfig {
  /** The main file, whether it exists or not. */
  readonly main: string;
  readonly driver: CgroupDriver;
  /** Where the driver is set; absent when nothing says it and the default holds. */
  readonly place?: Place;
  /** Ways to run containers with runc; only containerd has several with a driver of their own. */
  readonly handlers: readonly Handler[];
  readonly isCriDisabled: boolean;
  readonly problems: readonly ConfigProblem[];
  /** What to write by hand to get a driver. */
  readonly lines: Readonly<Record<CgroupDriver, string>>;
}

/** Whether every way to run containers has the driver with the next start. */
export function saysDriver(
  { driver, handlers }: Pick<RuntimeConfig, 'driver' | 'handlers'>,
  wanted: CgroupDriver,
): boolean {
  return driver === wanted && handlers.every((handler) => handler.driver === wanted);
}

/** The line of the last match in a file, from 1. */
export function lineOf({ text }: ConfigFile, pattern: RegExp): number | undefined {
  const lines = text.split('\n');
  const at = lines.findLastIndex((line) => pattern.test(line));
  return at === -1 ? undefined : at + 1;
}

/** The place of the last match in a file; without a line when there is none. */
export function placeOf(file: ConfigFile, pattern: RegExp): Place {
  const line = lineOf(file, pattern);
  return { file: file.file, ...(line === undefined ? {} : { line }) };
}

/** A place as people write it. */
export function placeText({ file, line }: Place): string {
  return line === undefined ? file : `${file}:${line}`;
}
