import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isZramDevice, parseMemAvailable, parseSwaps } from '../../../../../src/areas/swap/observe/parse.ts';

const HEADER = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';

describe('parseSwaps', () => {
  it.each(['debian-12', 'debian-13'])('reads what a real %s shows', (host) => {
    const devices = parseSwaps(readFileSync(`test/support/hosts/${host}/root/proc/swaps`, 'utf8'));

    expect(devices.map(({ path, type, priority }) => [path, type, priority])).toEqual([
      ['/dev/zram0', 'partition', 100],
      ['/dev/vda2', 'partition', -2],
    ]);
    expect(devices[1]?.sizeBytes).toBe(262_140 * 1024);
  });

  it('finds none in a table without lines, and none in an empty file', () => {
    expect(parseSwaps(HEADER)).toEqual([]);
    expect(parseSwaps('')).toEqual([]);
  });

  it('reads the separators of kernels before 5.10 as well', () => {
    expect(parseSwaps(`${HEADER}/dev/dm-1  partition\t1048572\t2048\t-1\n`)[0]).toMatchObject({
      path: '/dev/dm-1',
      usedBytes: 2048 * 1024,
      priority: -1,
    });
  });

  it('takes escapes out of names: blank, tab, line break, backslash', () => {
    const [device] = parseSwaps(`${HEADER}/a\\040b\\011c\\012d\\134e file 4 0 -2\n`);

    expect(device?.path).toBe('/a b\tc\nd\\e');
  });

  it.each(['/swapfile\\040(deleted)', '/swapfile (deleted)'])(
    'knows a file that was removed while in use: %s',
    (name) => {
      expect(parseSwaps(`${HEADER}${name} file 4092 0 -3\n`)[0]).toMatchObject({ path: '/swapfile', isDeleted: true });
    },
  );

  it.each(['/dev/vda2 partition 10', '/dev/vda2 partition x 0 -2', 'garbage', '/dev/vda2 partition 10 0 -2 7'])(
    'refuses a line that it does not understand instead of overlooking swap: %s',
    (line) => {
      expect(() => parseSwaps(`${HEADER}${line}\n`)).toThrow('Cannot read "/proc/swaps"');
    },
  );
});

describe('parseMemAvailable', () => {
  it('reads MemAvailable, and MemFree on kernels that have none', () => {
    expect(parseMemAvailable('MemTotal: 9 kB\nMemFree:  5 kB\nMemAvailable:    7 kB\n')).toBe(7 * 1024);
    expect(parseMemAvailable('MemTotal: 9 kB\nMemFree:  5 kB\n')).toBe(5 * 1024);
  });

  it('does not make up a number', () => {
    expect(parseMemAvailable('')).toBeUndefined();
    expect(parseMemAvailable('MemAvailable: lots\n')).toBeUndefined();
  });
});

describe('isZramDevice', () => {
  it('knows zram by its device name only', () => {
    expect(['/dev/zram0', '/dev/zram12'].every(isZramDevice)).toBe(true);
    expect(['/dev/zram', '/dev/zram0p1', '/zram0', '/dev/vda2', '/dev/zram0/x'].some(isZramDevice)).toBe(false);
  });
});
