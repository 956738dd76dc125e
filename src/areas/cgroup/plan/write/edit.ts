/** What comes of the attempt to write a driver into the files of a program. */
import type { CgroupDriver } from '../../../../api/parts/cgroup.ts';
import { type Place, placeText } from '../../observe/runtime-config.ts';
import { sumOfText } from '../../refused.ts';
import type { ContainerdProof } from '../steps.ts';

/** One file and its new text. */
export interface Edit {
  readonly file: string;
  /** Absent: there is no such file. */
  readonly before?: string;
  /** Absent removes the file. */
  readonly after?: string;
  readonly proof?: ContainerdProof;
}

/** Why NodePrep does not write it, so that a person has to. */
export interface ByHand {
  readonly reason: 'DriverMismatch' | 'RuntimeConfigUnsafe' | 'RuntimeFileElsewhere';
  /** Half a sentence after "NodePrep does not write it, because". */
  readonly why: string;
  readonly place?: Place;
}

/** Another file that wins. */
export function elsewhere(place: Place): ByHand {
  return { reason: 'RuntimeFileElsewhere', why: `${placeText(place)} wins over every file that it could write`, place };
}

/** A text whose characters are not all known, so that it cannot be written again byte for byte. */
export function isLossy(text: string | undefined): boolean {
  return text?.includes('\uFFFD') ?? false;
}

/** A file that cannot be written in part. */
export function notEditable(file: string, why: string): ByHand {
  return { reason: 'DriverMismatch', why: `${file} ${why}`, place: { file } };
}

/** What the ledger says of a text that was written: its driver and what identifies it. */
export function wroteText(driver: CgroupDriver, text: string): string {
  return `${driver} ${sumOfText(text)}`;
}
