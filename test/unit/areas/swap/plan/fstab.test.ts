import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  disableFstabSwaps,
  FSTAB_MARKER,
  parseFstabSwaps,
  restoreFstabSwaps,
} from '../../../../../src/areas/swap/plan/fstab.ts';

const bytes = (text: string) => Buffer.from(text).toString('latin1');

const SWAP_LINES = [
  'LABEL=swap none swap sw 0 0',
  'UUID=3baf9ba6-577d-4e3c-b221-44b05c5ee530 swap swap defaults 0 0',
  'PARTUUID=027f578a-02\tnone\tswap\tsw\t0\t0',
  'PARTLABEL=Linux\\040swap none swap sw',
  '/dev/sda2 none swap',
  '   /dev/mapper/vg-swap   none \t swap   sw,pri=5 0 0   ',
  '/swapfile none swap sw 0 0 # added by hand',
  '/my\\040swap\\134file none swap defaults,nofail 0 0',
  '/dev/sdb1 none swap noauto 0 0',
  bytes('LABEL="Schwäpp" none swap sw'),
  `/${'a'.repeat(100_000)} none swap sw 0 0`,
  '/dev/\xff\xfe none swap sw',
];

const OTHER_LINES = [
  '',
  '   ',
  '# /dev/sda2 none swap sw 0 0',
  '#UUID=1 none swap sw 0 0',
  '  # LABEL=swap none swap sw 0 0',
  '/dev/sda1 / ext4 defaults 0 1',
  '/dev/sda3 /swap ext4 defaults 0 2',
  'tmpfs /tmp tmpfs size=1G,swap 0 0',
  '/dev/sda2 swap',
  '/dev/sda2 none SWAP sw 0 0',
  '/dev/sda2 none swapfs sw 0 0',
  '/dev/sda2\xa0none\xa0swap\xa0sw',
];

describe('the swap lines of fstab', () => {
  it.each(SWAP_LINES.map((line) => [line.slice(0, 60), line]))(
    'are turned off with a marker in front: %s',
    (_, line) => {
      expect(disableFstabSwaps(`${line}\n`)).toBe(`${FSTAB_MARKER}${line}\n`);
    },
  );

  it.each(OTHER_LINES.map((line) => [line]))('are told from other lines, which stay: %j', (line) => {
    expect(disableFstabSwaps(`${line}\n`)).toBe(`${line}\n`);
  });

  it.each(['\n', '\r\n'])('keep their line ending %j, also when the last line has none', (end) => {
    const text = ['/dev/a / ext4', '/dev/b none swap', '/dev/c none swap'].join(end);

    expect(disableFstabSwaps(text)).toBe(
      ['/dev/a / ext4', `${FSTAB_MARKER}/dev/b none swap`, `${FSTAB_MARKER}/dev/c none swap`].join(end),
    );
  });

  it('are not marked twice', () => {
    const once = disableFstabSwaps(SWAP_LINES.join('\n'));

    expect(disableFstabSwaps(once)).toBe(once);
  });

  it('come back byte for byte', () => {
    const text = [...SWAP_LINES, ...OTHER_LINES].join('\r\n');

    expect(restoreFstabSwaps(disableFstabSwaps(text))).toBe(text);
  });

  it('come back also when the file was edited meanwhile, and the edits stay', () => {
    const edited = disableFstabSwaps('/dev/b none swap\n/dev/a / ext4\n').replace('ext4', 'xfs');

    expect(restoreFstabSwaps(`# new\n${edited}`)).toBe('# new\n/dev/b none swap\n/dev/a / xfs\n');
  });

  it('are found with number, device and whether they are off', () => {
    const found = parseFstabSwaps(`# x\n${FSTAB_MARKER}LABEL=a none swap\r\n/my\\040swap none swap\n`);

    expect(found).toEqual([
      { line: 2, text: 'LABEL=a none swap', source: 'LABEL=a', isDisabled: true },
      { line: 3, text: '/my\\040swap none swap', source: '/my swap', isDisabled: false },
    ]);
  });

  it.each(['debian-12', 'debian-13'])('are found on a real %s', (host) => {
    const text = readFileSync(`test/support/hosts/${host}/root/etc/fstab`, 'latin1');

    expect(parseFstabSwaps(text).map(({ line, source }) => [line, source])).toEqual([[2, 'LABEL=swap']]);
  });

  it('are none in an empty file', () => {
    expect(disableFstabSwaps('')).toBe('');
    expect(parseFstabSwaps('')).toEqual([]);
  });
});

it('keeps our marker before a line that declares no swap', () => {
  const text = `${FSTAB_MARKER}/dev/sdb1 /data ext4 defaults 0 2\n${FSTAB_MARKER}/dev/sdb2 none swap sw 0 0\n`;

  expect(restoreFstabSwaps(text)).toBe(
    `${FSTAB_MARKER}/dev/sdb1 /data ext4 defaults 0 2\n/dev/sdb2 none swap sw 0 0\n`,
  );
});
