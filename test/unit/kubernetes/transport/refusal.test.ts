import { describe, expect, test } from 'vitest';
import { refusalFrom, refusalFromStatus } from '../../../../src/kubernetes/transport/refusal.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const from = (status: number, text: string, retryAfter?: string) =>
  refusalFrom('Cannot GET "/x"', { status, text, retryAfter }, NOW);

describe('an answer that refuses', () => {
  test('has the reason, the message and the causes of its Status', () => {
    const causes = [{ reason: 'FieldManagerConflict', message: 'conflict with "kubectl"', field: '.spec.mode' }];
    const status = { kind: 'Status', reason: 'Conflict', message: 'Apply failed', details: { causes } };

    const error = from(409, JSON.stringify(status));

    expect(error).toMatchObject({ code: 409, reason: 'Conflict', causes, retryAfterSeconds: undefined });
    expect(error.message).toBe('Cannot GET "/x": the API server answered 409 (Apply failed)');
  });

  test.each([
    ['', ''],
    ['<html>502 Bad Gateway</html>', ' (<html>502 Bad Gateway</html>)'],
    ['null', ' (null)'],
    ['[]', ' ([])'],
    ['{}', ''],
    ['{"reason":7,"message":{},"details":"none"}', ''],
    ['{"details":{"causes":[null,1,"x"]}}', ''],
  ])('is understood when its body is %s', (text, said) => {
    const error = from(502, text);

    expect(error.message).toBe(`Cannot GET "/x": the API server answered 502${said}`);
    expect(error).toMatchObject({ code: 502, reason: '', causes: [] });
  });

  test.each([
    ['7', 7],
    ['0', undefined],
    ['-3', undefined],
    ['soon', undefined],
    ['Sat, 21 Nov 2026 12:00:30 GMT', 30],
    ['Sat, 21 Nov 2026 11:59:30 GMT', undefined],
    ['Infinity', undefined],
  ])('asks to wait by "Retry-After: %s"', (header, seconds) => {
    expect(from(429, '{}', header).retryAfterSeconds).toBe(seconds);
  });

  test('asks to wait in its Status when there is no header', () => {
    expect(from(500, '{"details":{"retryAfterSeconds":3}}').retryAfterSeconds).toBe(3);
  });

  test('is cut when it is long', () => {
    expect(from(500, 'x'.repeat(1e6)).message.length).toBeLessThan(300);
    expect(from(500, JSON.stringify({ message: 'y'.repeat(1e6) })).message.length).toBeLessThan(1200);
  });
});

test.each([undefined, null, 'text', {}, { code: 'x' }])(
  'an ERROR event with %j is an error of the server',
  (object) => {
    expect(refusalFromStatus('Cannot watch', object, NOW)).toMatchObject({ code: 500, reason: '' });
  },
);
