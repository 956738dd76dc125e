import { describe, expect, test } from 'vitest';
import { createLogger } from '../../../../src/telemetry/log/logger.ts';
import { redact } from '../../../../src/telemetry/log/redact.ts';

describe('redact', () => {
  test.each([
    ['http://user:hunter2@proxy.example:3128/path', 'http://REDACTED@proxy.example:3128/path'],
    ['https://hunter2@example/', 'https://REDACTED@example/'],
    ['socks5://user:hun@ter2@example', 'socks5://REDACTED@example'],
    ['see https://api.example/x?token=hunter2&page=3#top', 'see https://api.example/x?token=REDACTED&page=3#top'],
    ['https://s3.example/o?X-Amz-Signature=hunter2', 'https://s3.example/o?X-Amz-Signature=REDACTED'],
    ['https://blob.example/c?sv=1&sig=hunter2', 'https://blob.example/c?sv=1&sig=REDACTED'],
    ['Authorization: Bearer hunter2hunter2', 'Authorization: Bearer REDACTED'],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.hunter2 end', 'jwt REDACTED end'],
    ['db_password=hunter2 root=/dev/sda', 'db_password=REDACTED root=/dev/sda'],
    ['-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----', 'REDACTED'],
    ['-----BEGIN PRIVATE KEY-----\nhunter2 without an end', 'REDACTED'],
  ])('takes the credential out of %j', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  test.each([
    'net.ipv4.tcp_fastopen_key differs',
    'http://127.0.0.1:9752/metrics',
    'http://[::1]:80/?page=1',
    'user@host:/path',
    'Cannot load module "br_netfilter": modprobe: FATAL: Module br_netfilter not found',
    'kernel.keys.maxkeys=2000',
    'basic check',
  ])('leaves %j alone', (text) => {
    expect(redact(text)).toBe(text);
  });

  test('takes linear time on text made to be slow', () => {
    const started = performance.now();

    for (const part of ['a.', '?a', 'eyJ', 'a://', '-----BEGIN PRIVATE KEY', 'secret', '://@'])
      redact(part.repeat(50_000));

    expect(performance.now() - started).toBeLessThan(2000);
  });
});

test('the log holds no secret field and no credential, at any depth', () => {
  let written = '';
  const logger = createLogger({ stream: { write: (text: string) => (written += text) }, env: {}, level: 'debug' });

  logger.debug('Calling http://u:hunter2@example/', {
    password: 'hunter2',
    apiKey: 'hunter2',
    nested: { list: [{ token: 'hunter2', 'client-secret': ['hunter2'] }], url: 'http://u:hunter2@example/' },
    map: new Map([['authorization', 'hunter2']]),
    error: new Error('GET http://u:hunter2@example/ failed'),
  });

  expect(written).not.toContain('hunter2');
  expect(written).toContain('REDACTED');
});
