import { describe, expect, test } from 'vitest';
import { createLogger, type LoggerOptions } from '../../../../src/telemetry/log/logger.ts';

const NOW = new Date('2026-11-21T10:20:30.400Z');

function recording(options: LoggerOptions & { readonly isTTY?: boolean; readonly isJournal?: boolean } = {}) {
  const lines: string[] = [];
  const stream = {
    write: (text: string) => lines.push(text),
    isTTY: options.isTTY ?? false,
    isJournal: options.isJournal ?? false,
  };
  const logger = createLogger({ stream, env: {}, now: () => NOW, ...options });
  return { logger, lines, fact: () => JSON.parse(lines[0] ?? '') };
}

describe('in a service', () => {
  test('writes one line of JSON per fact', () => {
    const { logger, lines } = recording();

    logger.info('Applied', { area: 'sysctls', target: 'vm.swappiness', count: 2, ok: true, none: undefined });

    expect(lines).toEqual([
      '{"time":"2026-11-21T10:20:30.400Z","level":"info","message":"Applied","area":"sysctls","target":"vm.swappiness","count":2,"ok":true}\n',
    ]);
  });

  test.each([
    ['debug', '<7>'],
    ['info', '<6>'],
    ['warn', '<4>'],
    ['error', '<3>'],
  ] as const)('gives journald the priority of %s in front of a sentence', (level, priority) => {
    const { logger, lines } = recording({ isJournal: true, level: 'debug' });

    logger[level](
      'Spec refused',
      { problem: 'line 3: no such field', tries: 2 },
      { file: '/etc/nodeprep/nodeprep.yaml' },
    );

    expect(lines).toEqual([`${priority}Spec refused: line 3: no such field tries=2\n`]);
  });

  test('gives programs in the journal JSON when they ask for it', () => {
    const { logger, lines } = recording({ isJournal: true, format: 'json' });

    logger.info('vm.swappiness was 60, set to 10', {}, { target: 'vm.swappiness' });

    expect(lines[0]).toMatch(/^<6>\{.*"message":"vm.swappiness was 60, set to 10","target":"vm.swappiness"\}\n$/);
  });

  test('gives people sentences with the time outside of the journal when they ask for them', () => {
    const { logger, lines } = recording({ format: 'text' });

    logger.info('vm.swappiness was 60, set to 10', {}, { target: 'vm.swappiness' });

    expect(lines).toEqual(['2026-11-21 10:20:30 INFO  vm.swappiness was 60, set to 10\n']);
  });

  test('keeps every fact on its own line and free of control characters, whatever the values hold', () => {
    const { logger, lines } = recording();
    const hostile = 'a\nb\r\u001b[31m\u0000\u007f\u0085\u009b2J\u2028\u2029\u202e';

    logger.info(hostile, { [hostile]: hostile });

    expect(lines).toHaveLength(1);
    // oxlint-disable-next-line no-control-regex
    expect(lines[0]?.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
    expect(JSON.parse(lines[0] ?? '').message).toBe(hostile);
  });

  test('lets no field replace time, level or message', () => {
    const { logger, fact } = recording();

    logger.warn('Real', { message: 'fake', level: 'debug', time: 'never' });

    expect(fact()).toMatchObject({ message: 'Real', level: 'warn', message_: 'fake', level_: 'debug', time_: 'never' });
  });

  test('writes an error with the chain of its causes', () => {
    const { logger, fact } = recording();
    const cause = new Error('EROFS: read-only file system');

    logger.error('Problem', { error: new Error('Cannot write "/etc/fstab"', { cause }) });

    expect(fact().error).toBe('Cannot write "/etc/fstab"; caused by: EROFS: read-only file system');
  });

  test('cuts a megabyte down to what a journal line can hold, quickly', () => {
    const { logger, lines } = recording();
    const started = performance.now();

    logger.info('Long', { value: 'password.'.repeat(120_000), list: Array.from({ length: 9999 }, (_, at) => at) });

    expect(lines[0]?.length).toBeLessThan(20_000);
    expect(lines[0]).toContain('(1080000 characters)');
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('never throws', () => {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  const throwing = {
    get value(): string {
      throw new Error('getter');
    },
  };
  const refusing = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('proxy');
      },
    },
  );

  test.each([
    ['a circular value', { value: circular }],
    ['a getter that throws', { value: throwing }],
    ['fields with a getter that throws', throwing],
    ['a proxy that throws', { value: refusing }],
    ['fields that are such a proxy', refusing],
    [
      'values without a JSON form',
      { big: 10n, symbol: Symbol('s'), call: () => 1, nan: Number.NaN, map: new Map([[1, new Set([2])]]) },
    ],
    [
      'an error that is its own cause',
      {
        error: Object.assign(new Error('loop'), {
          get cause() {
            return this;
          },
        }),
      },
    ],
    ['an invalid date', { date: new Date(Number.NaN) }],
    [
      'a toJSON that throws',
      {
        value: {
          toJSON: () => {
            throw new Error('toJSON');
          },
        },
      },
    ],
  ])('on %s', (_, fields) => {
    const { logger, lines } = recording();

    logger.info('Fact', fields);

    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '').message).toBe('Fact');
  });

  test('on a stream that throws', () => {
    const stream = {
      write: () => {
        throw new Error('EPIPE');
      },
    };

    expect(() => createLogger({ stream, env: {} }).error('Fact')).not.toThrow();
  });
});

describe('on a terminal', () => {
  test('writes readable lines with time, level and fields', () => {
    const { logger, lines } = recording({ isTTY: true, env: { NO_COLOR: '1' } });

    logger.warn('Entry is not as declared', { area: 'swap', detail: 'two words', n: 3, list: ['a'] });

    expect(lines).toEqual([
      '2026-11-21 10:20:30 WARN  Entry is not as declared area=swap detail="two words" n=3 list=["a"]\n',
    ]);
  });

  test('colours only there, and not with NO_COLOR or a dumb terminal', () => {
    const isColored = (options: LoggerOptions & { isTTY: boolean }) => {
      const { logger, lines } = recording(options);
      logger.info('Fact', { a: 1 });
      return lines[0]?.includes('\u001b[') ?? false;
    };

    expect(isColored({ isTTY: true, env: {} })).toBe(true);
    expect(isColored({ isTTY: true, env: { NO_COLOR: '' } })).toBe(true);
    expect(isColored({ isTTY: true, env: { NO_COLOR: '1' } })).toBe(false);
    expect(isColored({ isTTY: true, env: { TERM: 'dumb' } })).toBe(false);
    expect(isColored({ isTTY: false, env: {} })).toBe(false);
  });

  test('writes control characters out instead of sending them', () => {
    const { logger, lines } = recording({ isTTY: true, env: { NO_COLOR: '1' } });

    logger.info('a\u001b]0;title\u0007\nb', { value: 'x\u001b[2Jy\u202e' });

    expect(lines).toEqual(['2026-11-21 10:20:30 INFO  a\\x1b]0;title\\x07; b value=x\\x1b[2Jy\\u202e\n']);
  });
});

describe('level', () => {
  test('is info unless NODEPREP_LOG_LEVEL says otherwise; an unknown one is info, and said', () => {
    const levels = (env: Record<string, string>) => {
      const { logger, lines } = recording({ env });
      logger.debug('d');
      logger.info('i');
      logger.warn('w');
      logger.error('e');
      return lines.map((line) => JSON.parse(line).message).join('');
    };

    expect(levels({})).toBe('iwe');
    expect(levels({ NODEPREP_LOG_LEVEL: 'DEBUG' })).toBe('diwe');
    expect(levels({ NODEPREP_LOG_LEVEL: 'error' })).toBe('e');
    expect(levels({ NODEPREP_LOG_LEVEL: 'loud' })).toMatch(/NODEPREP_LOG_LEVEL is not one of .*iwe$/);
  });
});
