/**
 * The swap lines of /etc/fstab, turned off and on again one by one. All texts hold one character per
 * byte, and everything but the marked lines stays byte for byte, so white space means space and tab only:
 * `\s` would also match bytes of other encodings.
 */
import { unescapeOctal } from '../observe/parse.ts';

/** Where the swap and file systems of the boot are declared. */
export const FSTAB = '/etc/fstab';
/** What we put in front of a line; taking it away gives back exactly the line that was there. */
export const FSTAB_MARKER = '# nodeprep: disabled: ';

/** One swap line. */
export interface FstabSwap {
  /** 1-based. */
  readonly line: number;
  /** The line as it was before NodePrep, without its ending. */
  readonly text: string;
  /** First field without escapes: `LABEL=swap`, `/dev/sda2`. */
  readonly source: string;
  /** Whether the line carries our marker. */
  readonly isDisabled: boolean;
}

/** A swap line of fstab with the device that it means here. */
export interface FstabEntry extends FstabSwap {
  /** `/dev/disk/by-label/swap`, one character per byte; `undefined` when systemd knows no path for it. */
  readonly path: string | undefined;
  /** The device that the link leads to; `undefined` when it is absent. */
  readonly device: string | undefined;
}

/** Every swap line, also those that we turned off. */
export function parseFstabSwaps(text: string): readonly FstabSwap[] {
  return linesOf(text).flatMap((line, index) => {
    const body = bodyOf(line);
    const isDisabled = body.startsWith(FSTAB_MARKER);
    const original = isDisabled ? body.slice(FSTAB_MARKER.length) : body;
    const source = swapSourceOf(original);
    return source === undefined ? [] : [{ line: index + 1, text: original, source, isDisabled }];
  });
}

/** Puts our marker in front of every line that declares swap. */
export function disableFstabSwaps(text: string): string {
  return linesOf(text)
    .map((line) => (swapSourceOf(bodyOf(line)) === undefined ? line : `${FSTAB_MARKER}${line}`))
    .join('');
}

/** Takes our marker away again, whatever else has changed in the file meanwhile. */
export function restoreFstabSwaps(text: string): string {
  return linesOf(text)
    .map((line) => {
      const rest = line.slice(FSTAB_MARKER.length);
      // An administrator may have put another line after the marker, which was never ours.
      const isOurs = line.startsWith(FSTAB_MARKER) && swapSourceOf(bodyOf(rest)) !== undefined;
      return isOurs ? rest : line;
    })
    .join('');
}

/**
 * The device of a line that declares swap. `noauto` lines count as well: systemd makes a unit of
 * them too, which any other unit or a person may start, and then the node has swap unannounced.
 * The type is compared as systemd-fstab-generator does: exactly, in lower case.
 */
function swapSourceOf(body: string): string | undefined {
  const [source, , type] = body.split(/[ \t]+/).filter((field) => field !== '');
  if (source === undefined || type === undefined || source.startsWith('#')) return undefined;
  return unescapeOctal(type) === 'swap' ? unescapeOctal(source) : undefined;
}

function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The line without its ending; a file that was edited on Windows ends its lines with CR LF. */
function bodyOf(line: string): string {
  return line.replace(/\r?\n?$/, '');
}
