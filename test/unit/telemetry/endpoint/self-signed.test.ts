import { X509Certificate, createPrivateKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ownKeyPair } from '../../../../src/telemetry/endpoint/key-pairs.ts';
import { selfSigned } from '../../../../src/telemetry/endpoint/self-signed.ts';

const DAY_MS = 24 * 3_600_000;
const made = (now: string, names: readonly string[] = ['worker-1']) =>
  new X509Certificate(selfSigned({ names, now: new Date(now), days: 365 }).cert);

describe('a certificate of our own', () => {
  test('is signed by its key, belongs to it, and is for servers only', () => {
    const pair = selfSigned({ names: ['worker-1'], now: new Date('2026-11-21T10:00:00Z'), days: 365 });
    const certificate = new X509Certificate(pair.cert);

    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(pair.key))).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.subject).toBe('CN=nodeprep');
  });

  test('names the host, and leaves out what no certificate can hold', () => {
    const names = [
      'worker-1.example.com',
      'Upper',
      'bad_name',
      '',
      'ü',
      'x'.repeat(254),
      'a\nDNS:evil',
      'worker-1.example.com',
    ];

    expect(made('2026-11-21T10:00:00Z', names).subjectAltName).toBe(
      'DNS:worker-1.example.com, DNS:Upper, DNS:localhost, IP Address:127.0.0.1',
    );
  });

  test.each([
    ['2026-11-21T10:00:00Z', 'Nov 20 10:00:00 2026 GMT', 'Nov 21 10:00:00 2027 GMT'],
    ['2049-07-01T10:00:00Z', 'Jun 30 10:00:00 2049 GMT', 'Jul  1 10:00:00 2050 GMT'],
    ['2051-01-02T10:00:00Z', 'Jan  1 10:00:00 2051 GMT', 'Jan  2 10:00:00 2052 GMT'],
    ['1970-01-01T00:00:00Z', 'Dec 31 00:00:00 1969 GMT', 'Jan  1 00:00:00 1971 GMT'],
  ])('made at %s is valid from a day before for a year', (now, from, to) => {
    const { validFrom, validTo } = made(now);

    expect([validFrom, validTo]).toEqual([from, to]);
  });

  test('has a serial number of its own each time, which is positive', () => {
    const serials = Array.from({ length: 20 }, () => made('2026-11-21T10:00:00Z').serialNumber);

    expect(new Set(serials).size).toBe(20);
    expect(serials.every((serial) => /^4[0-9A-F]{31}$/.test(serial))).toBe(true);
  });

  test('stays for three months, and is made anew after that or when the clock was far off', async () => {
    let now = new Date('1970-01-01T00:00:00Z');
    const source = ownKeyPair(['worker-1'], () => now);
    const wrong = await source();
    now = new Date('2026-11-21T10:00:00Z');
    const first = await source();
    now = new Date(now.getTime() + 89 * DAY_MS);
    const same = await source();
    now = new Date(now.getTime() + 2 * DAY_MS);

    expect(first).not.toEqual(wrong);
    expect(same).toBe(first);
    expect(new X509Certificate((await source()).cert).validFrom).toBe('Feb 19 10:00:00 2027 GMT');
  });
});
