/** The process as commands see it, so that tests can run commands without one. */
import type { SpecRequest } from '../disk/file-spec-source.ts';

/** Where a command reads and writes, and how it ends. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** All of standard input. */
  readonly readStdin: () => Promise<Uint8Array>;
  /** Whether standard output takes colour. */
  readonly color: boolean;
  readonly columns: number;
  readonly signal: AbortSignal;
  /** Calls back on SIGHUP; returns how to stop listening. */
  readonly onHangup: (listener: () => void) => () => void;
  /** Sets the exit code; the highest line wins nothing, the last call does. */
  readonly exit: (code: number) => void;
}

/** Options that every command with a spec understands. */
export interface SpecOptions {
  readonly file: readonly string[];
  readonly profile?: string;
  readonly root: string;
  readonly hostRoot?: string;
}

/** Reads standard input once when `-` is among the files. */
export async function specRequestFrom(options: SpecOptions, io: Io): Promise<SpecRequest> {
  const stdin = options.file.includes('-') ? await io.readStdin() : undefined;
  return {
    files: options.file,
    ...(stdin === undefined ? {} : { stdin }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
  };
}
