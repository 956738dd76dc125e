/** Module parameters: how files write them, and when what the kernel shows means the same. Pure. */

const TRUE_WORDS = new Set(['1', 'y', 'yes', 't', 'true', 'on']);
const FALSE_WORDS = new Set(['0', 'n', 'no', 'f', 'false', 'off']);

/**
 * The kernel enlarges the conntrack table to whole pages, so it shows more than was asked for
 * (`nf_ct_alloc_hashtable`): 512 buckets are one page of 4 KiB, 8192 one of 64 KiB.
 */
const ROUNDED_UP_TO_PAGES = new Set(['nf_conntrack.hashsize', 'nf_conntrack.expect_hashsize']);

/** Whether the value that sysfs shows is what `declared` asks for. */
export function isSameParameter(module: string, parameter: string, declared: string, live: string): boolean {
  const wanted = unquoted(declared.trim());
  const shown = live.trim();
  if (wanted === shown || (wanted === '' && shown === '(null)')) return true;
  const wantedParts = wanted.split(',');
  const shownParts = shown.split(',');
  // The kernel shows the whole array; the elements that were not given keep their defaults.
  if (wantedParts.length > shownParts.length || shown === '') return false;
  return wantedParts.every((part, index) => isSameScalar(`${module}.${parameter}`, part, shownParts[index] ?? ''));
}

function isSameScalar(name: string, wanted: string, shown: string): boolean {
  if (wanted === shown) return true;
  const [wantedNumber, shownNumber] = [numberFrom(wanted), numberFrom(shown)];
  if (wantedNumber !== undefined && shownNumber !== undefined) {
    if (wantedNumber === shownNumber) return true;
    const extra = shownNumber - wantedNumber;
    return ROUNDED_UP_TO_PAGES.has(name) && extra > 0n && extra < 8192n && shownNumber % 512n === 0n;
  }
  const [wantedTruth, shownTruth] = [truthFrom(wanted), truthFrom(shown)];
  return wantedTruth !== undefined && wantedTruth === shownTruth;
}

/** Reads decimal, hexadecimal and octal as the kernel's `kstrtoull` with base 0 does. */
function numberFrom(text: string): bigint | undefined {
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]+|\d+)$/.exec(text);
  if (match === null) return undefined;
  const digits = match[2] as string;
  const octal = /^0[0-7]+$/.test(digits);
  const magnitude = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  return match[1] === '-' ? -magnitude : magnitude;
}

function truthFrom(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (TRUE_WORDS.has(word)) return true;
  return FALSE_WORDS.has(word) ? false : undefined;
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

/** Whether a name and a value can be written on an options line without changing its meaning. */
export function isRenderableParameter(name: string, value: string): boolean {
  return /^[A-Za-z0-9_.-]+$/.test(name) && /^[\x20-\x7e]*$/.test(value) && !/["\\]/.test(unquoted(value));
}

/** Renders parameters as an options line has them, such as `hashsize=131072 acct=1`; spaces are quoted. */
export function renderParameters(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${/\s/.test(unquoted(value)) ? `"${unquoted(value)}"` : value}`)
    .join(' ');
}

/** Parses the parameters of an options line; a word without "=" is a switch and becomes empty. */
export function parseParameters(text: string): Map<string, string> {
  const words = text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  return new Map(
    words.map((word) => {
      const at = word.indexOf('=');
      return at < 0 ? [kernelParameter(word), ''] : [kernelParameter(word.slice(0, at)), unquoted(word.slice(at + 1))];
    }),
  );
}

/** The one form of a parameter name: the kernel takes "-" and "_" as equal here too. */
export function kernelParameter(name: string): string {
  return name.replaceAll('-', '_');
}
