/** Where the endpoint takes its certificate from: a directory whose files are renewed, or a key pair of its own. */
import type { HostReader } from '../../host/host.ts';
import { type KeyPair, selfSigned } from './self-signed.ts';

/** Gives the pair to serve with now. Throws when there is none, with a message for an administrator. */
export type KeyPairSource = () => Promise<KeyPair>;

/** Names under which cert-manager and Secrets of the type kubernetes.io/tls keep a pair. */
const CERT_FILE = 'tls.crt';
const KEY_FILE = 'tls.key';
const VALID_DAYS = 365;
const RENEW_AFTER_MS = 90 * 24 * 3_600_000;

/** The pair in a directory, read anew each time. */
export function keyPairIn(host: HostReader, directory: string): KeyPairSource {
  return async () => {
    const [cert, key] = [`${directory}/${CERT_FILE}`, `${directory}/${KEY_FILE}`];
    const texts = await Promise.all([host.readFile(cert), host.readFile(key)]);
    const missing = [cert, key].filter((_, at) => (texts[at] ?? '').trim() === '');
    if (missing.length > 0) {
      throw new Error(`${missing.map((path) => `"${path}"`).join(' and ')} not found or empty`);
    }
    return { cert: texts[0] ?? '', key: texts[1] ?? '' };
  };
}

/** A pair that the agent makes for itself: another one at each start, and every three months. */
export function ownKeyPair(names: readonly string[], now: () => Date): KeyPairSource {
  let pair: KeyPair | undefined;
  let madeAt = 0;
  return async () => {
    const at = now();
    // A clock that was wrong at start and is set later must not leave a certificate of the wrong year.
    const isOld = Math.abs(at.getTime() - madeAt) > RENEW_AFTER_MS;
    if (pair === undefined || isOld) {
      pair = selfSigned({ names, now: at, days: VALID_DAYS });
      madeAt = at.getTime();
    }
    return pair;
  };
}
