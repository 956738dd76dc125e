/** Amounts of memory as Kubernetes writes them. */
import { quoted } from '../yaml/quote.ts';

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  k: 1000n,
  M: 1000n ** 2n,
  G: 1000n ** 3n,
  T: 1000n ** 4n,
  P: 1000n ** 5n,
  E: 1000n ** 6n,
  Ki: 1024n,
  Mi: 1024n ** 2n,
  Gi: 1024n ** 3n,
  Ti: 1024n ** 4n,
  Pi: 1024n ** 5n,
  Ei: 1024n ** 6n,
};
const EXPECTED = 'expected a Kubernetes quantity of memory such as 128Mi, 1Gi, 500M or 134217728';

/** A quantity that cannot be an amount of memory; `message` says what was expected. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

/** Bytes of a Kubernetes quantity: `128Mi`, `1.5Gi`, `500M`, `1e9`, plain bytes. Throws `QuantityError`. */
export function parseQuantity(text: string): number {
  if (text.length > 32) throw new QuantityError(`the quantity has ${text.length} characters; ${EXPECTED}`);
  if (text.startsWith('-')) throw new QuantityError(`an amount of memory cannot be negative; ${EXPECTED}`);
  const match =
    /^\+?(?<whole>\d*)(?:\.(?<fraction>\d*))?(?:[eE](?<exponent>[+-]?\d{1,2})|(?<unit>[A-Za-z]{0,2}))$/.exec(text);
  const { whole = '', fraction = '', exponent = '0', unit = '' } = match?.groups ?? {};
  const factor = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  if (match === null || whole + fraction === '' || factor === undefined) {
    throw new QuantityError(`${quoted(text)} is not a quantity${caseHint(unit)}; ${EXPECTED}`);
  }
  // Digits and a power of ten, so that no step goes through a float.
  const digits = BigInt(whole + fraction) * factor;
  const shift = Number(exponent) - fraction.length;
  const scale = 10n ** BigInt(Math.abs(shift));
  if (shift < 0 && digits % scale !== 0n) {
    throw new QuantityError(`${quoted(text)} is not a whole number of bytes; ${EXPECTED}`);
  }
  const bytes = shift < 0 ? digits / scale : digits * scale;
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) throw new QuantityError(`${quoted(text)} is too large; ${EXPECTED}`);
  return Number(bytes);
}

/** The shortest exact quantity: 134217728 becomes `128Mi`. */
export function renderQuantity(bytes: number): string {
  const binary = ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki'];
  const unit = binary.find((name) => bytes > 0 && BigInt(bytes) % (UNITS[name] ?? 1n) === 0n);
  return unit === undefined ? String(bytes) : `${BigInt(bytes) / (UNITS[unit] ?? 1n)}${unit}`;
}

function caseHint(unit: string): string {
  if (unit === 'm') return ' of memory: "m" means thousandths, "M" millions and "Mi" mebibytes';
  const bare = unit.toLowerCase().replace(/b$/, '');
  const meant = Object.keys(UNITS).find((known) => known !== '' && known.toLowerCase() === bare);
  return meant === undefined ? '' : ` (did you mean ${JSON.stringify(meant)}?)`;
}
