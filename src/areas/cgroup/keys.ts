/** Keys of this area in the ledger. Pure. */
import type { CgroupUser } from '../../api/parts/cgroup.ts';
import type { Memory } from '../area.ts';
import { RUNTIME_NAMES, type RuntimeName } from './observe/runtimes.ts';

/** A file in the ledger and the program that it was written for. */
export interface WrittenKey {
  readonly key: string;
  readonly user: CgroupUser;
  readonly file: string;
}

/** A text in the ledger that a runtime has to prove. */
export interface TrialKey {
  readonly user: RuntimeName;
  readonly file: string;
  readonly sha256: string;
}

/** Ledger key of a file that was written for a program; the original is its whole text. */
export function fileKey(user: CgroupUser, file: string): string {
  return `file:${user}:${file}`;
}

/** The files that NodePrep has written. */
export function writtenFiles(memory: Memory): readonly WrittenKey[] {
  return [...memory.keys()].flatMap((key) => {
    const [, user, file] = /^file:([a-z]+):(\/.*)$/s.exec(key) ?? [];
    return user === undefined || file === undefined ? [] : [{ key, user: user as CgroupUser, file }];
  });
}

/** Ledger key of a text that a runtime has to prove; the original is the text before. */
export function trialKey({ user, file, sha256 }: TrialKey): string {
  return `trial:${user}:${sha256}:${file}`;
}

/** What such a key stands for; `undefined` for any other key. */
export function trialFrom(key: string): TrialKey | undefined {
  const [, name, sha256 = '', file = ''] = /^trial:([a-z]+):([0-9a-f]{64}):(\/.*)$/s.exec(key) ?? [];
  const user = RUNTIME_NAMES.find((one) => one === name);
  return user === undefined ? undefined : { user, file, sha256 };
}
