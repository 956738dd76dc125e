/**
 * A certificate that the agent makes for itself when none is configured. Node reads certificates but
 * makes none, and the libraries that do would double the size of the agent (docs/adr), so the few
 * fields are encoded here: X.509 version 3 (RFC 5280) in DER, ECDSA on P-256 with SHA-256.
 */

/** A certificate with its chain and its key, as PEM text. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What the certificate says. */
export interface SelfSignedOptions {
  /** Host names; those that no certificate can hold are left out. */
  readonly names: readonly string[];
  readonly now: Date;
  readonly days: number;
}

const DAY_MS = 24 * 3_600_000;
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i;
const LOOPBACK_ADDRESS = Buffer.from([127, 0, 0, 1]);

const TAG = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, utf8: 0x0c, utcTime: 0x17 } as const;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;

/** Makes a key and a certificate for it. */
export function selfSigned(options: SelfSignedOptions): KeyPair {
  const crypto = process.getBuiltinModule('node:crypto');
  const { privateKey, publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // Positive and without a leading zero, as DER wants it.
  const serial = Buffer.concat([Buffer.from([0x40]), crypto.randomBytes(15)]);
  const algorithm = der(SEQUENCE, oid('2a8648ce3d040302'));
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, oid('550403'), der(TAG.utf8, Buffer.from('nodeprep')))));
  const start = options.now.getTime();
  const body = der(
    SEQUENCE,
    der(0xa0, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, serial),
    algorithm,
    name,
    // A day back: the clock of the client may be behind.
    der(SEQUENCE, time(new Date(start - DAY_MS)), time(new Date(start + options.days * DAY_MS))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions(options.names)),
  );
  const signature = crypto.sign('sha256', body, privateKey);
  const certificate = der(SEQUENCE, body, algorithm, der(TAG.bits, Buffer.from([0]), signature));
  const lines = certificate.toString('base64').replaceAll(/.{1,64}/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}

function extensions(names: readonly string[]): Buffer {
  const hosts = [...new Set([...names, 'localhost'])].filter((host) => DNS_NAME.test(host));
  const alternatives = [...hosts.map((host) => der(0x82, Buffer.from(host, 'ascii'))), der(0x87, LOOPBACK_ADDRESS)];
  return der(
    SEQUENCE,
    extension('551d13', true, der(SEQUENCE)),
    // digitalSignature: the first bit, the seven others of the byte are not used.
    extension('551d0f', true, der(TAG.bits, Buffer.from([7, 0x80]))),
    extension('551d25', false, der(SEQUENCE, oid('2b06010505070301'))),
    extension('551d11', false, der(SEQUENCE, ...alternatives)),
  );
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [der(TAG.boolean, Buffer.from([0xff]))] : [];
  return der(SEQUENCE, oid(id), ...critical, der(TAG.octets, value));
}

/** Years until 2049 are written with two digits, later ones with four (RFC 5280, 4.1.2.5). */
function time(at: Date): Buffer {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  const isShort = at.getUTCFullYear() >= 1950 && at.getUTCFullYear() < 2050;
  return isShort ? der(TAG.utcTime, Buffer.from(digits.slice(2))) : der(GENERALIZED_TIME, Buffer.from(digits));
}

function oid(hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, 'hex'));
}

/** One value: its tag, the length of its parts, its parts. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  if (size < 0x80) return Buffer.concat([Buffer.from([tag, size]), content]);
  const length = size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}
