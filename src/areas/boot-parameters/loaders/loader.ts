/**
 * What the area must know of a boot loader. A loader reads files only and changes nothing by itself: `edit` says what
 * is to be written and run, and the area does it, proves it by what `observe` shows afterwards, and takes it back when
 * the next reboot would read anything else than before but for the wanted words.
 */
import type { Reason } from '../../../api/status/conditions.ts';
import type { Command, Host, HostReader, TextEncoding } from '../../../host/host.ts';
import type { WantedWords } from '../words.ts';

/**
 * One file, or one line of it, that has a say in the command line of the next reboot. They stand in the order of their
 * words on that line, of which the later one wins.
 */
export interface LoaderSource {
  readonly file: string;
  readonly line?: number;
  readonly words: readonly string[];
  /** The file is NodePrep's as a whole. */
  readonly isOurs: boolean;
  /** Firmware puts these words before those of the loader, of which a later one takes them back: no conflict by itself. */
  readonly isFirmware?: true;
  /** `edit` can add words here and take words of others away; otherwise a word here that must not stand is a conflict. */
  readonly isEditable: boolean;
}

/** What the loader starts at the next reboot, or offers in its menu. */
export interface BootEntry {
  readonly title: string;
  readonly file: string;
  readonly line?: number;
  /** The kernel that it starts, when the file says it. */
  readonly image?: string;
  readonly commandLine: string;
  readonly isDefault: boolean;
}

/** A file that `edit` may write, with what it holds; `undefined` when it does not exist, or must not. */
export interface BootFile {
  readonly path: string;
  readonly contents: string | undefined;
  readonly encoding?: TextEncoding;
  /** On the file system that the loader reads: NAME.nodeprep-before is kept beside it. */
  readonly isOnBoot?: true;
}

/** Why nothing is written, in words of the condition. */
export interface LoaderProblem {
  readonly reason: Reason;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

/** How a host boots, as far as files tell. */
export interface LoaderState {
  readonly sources: readonly LoaderSource[];
  /** What the next reboot reads, the default first; empty when it cannot be seen. */
  readonly entries: readonly BootEntry[];
  /** Every file that `edit` may write. */
  readonly files: readonly BootFile[];
  /** Most bytes of a finished command line. */
  readonly longest: number;
  /** Set when nothing may be written: reported, with the lines to write by hand. */
  readonly problem?: LoaderProblem;
}

/** What brings the wanted words to the next reboot. */
export interface LoaderEdit {
  /** Only files that change, in the order in which they are written. */
  readonly files: readonly BootFile[];
  /** Tools of the host that make the configuration of the loader, run after the files are written; safe to repeat. */
  readonly commands: readonly Command[];
}

/** Runs a tool of the host with the rights that it needs. Throws `CommandError`. */
export type RunTool = (command: Command) => Promise<string>;

/** One kind of boot loader. */
export interface BootLoader {
  /** As messages call it: `GRUB`. */
  readonly name: string;
  /** Files only, no command. `undefined` when the host does not boot by this loader. Throws `HostFileError`. */
  readonly observe: (host: HostReader, signal: AbortSignal) => Promise<LoaderState | undefined>;
  /**
   * Pure, of the contents in `state.files`: the area also asks what would be written over the files as they were before
   * the first change. Editing twice is editing once.
   */
  readonly edit: (state: LoaderState, wanted: WantedWords) => LoaderEdit;
  /** What a person does instead, in one sentence with the lines to write. */
  readonly byHand: (wanted: WantedWords) => string;
  /** Looks, once the files of the edit are written and before its commands run, whether those will do well. Throws `StepError`. */
  readonly prove?: (host: Host, proof: Proof) => Promise<void>;
}

/** What a proof goes by. */
export interface Proof {
  readonly run: RunTool;
  /** What the next reboot read before the files were written. */
  readonly before: readonly BootEntry[];
  /** What the next reboot must read. */
  readonly wanted: WantedWords;
  /** Every word that may differ afterwards; also those that are taken back. */
  readonly touched: WantedWords;
}
