import { describe, expect, it } from 'vitest';
import { bytesFrom, fstabDevicePath, swapUnitOf, textFrom } from '../../../../../src/areas/swap/plan/unit-names.ts';
import { unitOf } from '../../../../../src/host/memory/systemd-units.ts';

// What "systemd-escape -p --suffix=swap" of systemd 252 prints.
const KNOWN: readonly (readonly [string, string])[] = [
  ['/dev/vda2', 'dev-vda2.swap'],
  ['/my swap', 'my\\x20swap.swap'],
  ['/.hid/a-b', '\\x2ehid-a\\x2db.swap'],
  ['/dev//disk/./by-label/sw\\x20ap', 'dev-disk-by\\x2dlabel-sw\\x5cx20ap.swap'],
  ['/a_b:c', 'a_b:c.swap'],
  ['/dev/mapper/vg-swap', 'dev-mapper-vg\\x2dswap.swap'],
  ['/sw_ä', 'sw_\\xc3\\xa4.swap'],
  ['/swap/', 'swap.swap'],
  [
    '/dev/disk/by-partuuid/027f578a-2990-ce4e-8643-69987ce58002',
    'dev-disk-by\\x2dpartuuid-027f578a\\x2d2990\\x2dce4e\\x2d8643\\x2d69987ce58002.swap',
  ],
  ['/dev/disk/by-path/pci-0000:00:02.0-part2', 'dev-disk-by\\x2dpath-pci\\x2d0000:00:02.0\\x2dpart2.swap'],
];

describe('swapUnitOf', () => {
  it.each(KNOWN)('names the unit of %s as systemd does', (path, unit) => {
    expect(swapUnitOf(bytesFrom(path))).toBe(unit);
  });

  it.each(['none', '', '/', '/a/../b', `/${'a'.repeat(300)}`])('has no unit for %j', (path) => {
    expect(swapUnitOf(path)).toBeUndefined();
  });

  it('agrees with the systemd of the memory host', () => {
    for (const path of ['/dev/vda2', '/my swap', '/.hid/a-b', '/sw_ä', '/a\\b']) {
      expect(swapUnitOf(bytesFrom(path))).toBe(unitOf(path));
    }
  });
});

describe('fstabDevicePath', () => {
  // The paths are those of systemd-fstab-generator 252.
  it.each([
    ['LABEL=swap', '/dev/disk/by-label/swap'],
    ['LABEL="a b"', '/dev/disk/by-label/a\\x20b'],
    ["LABEL='x'", '/dev/disk/by-label/x'],
    ['UUID=1234-AB', '/dev/disk/by-uuid/1234-AB'],
    ['PARTUUID=aa-bb', '/dev/disk/by-partuuid/aa-bb'],
    ['PARTLABEL=sw/ap', '/dev/disk/by-partlabel/sw\\x2fap'],
    ['/dev/sda2', '/dev/sda2'],
    ['/my swap', '/my swap'],
  ])('makes of %s the path that systemd makes', (source, path) => {
    expect(fstabDevicePath(source)).toBe(path);
  });

  it('keeps letters of UTF-8 and escapes bytes that are none', () => {
    expect(textFrom(fstabDevicePath(bytesFrom('LABEL=ä')) ?? '')).toBe('/dev/disk/by-label/ä');
    expect(fstabDevicePath('LABEL=\xe4')).toBe('/dev/disk/by-label/\\xe4');
  });

  it.each(['none', 'swap', 'LABEL=', 'LABEL', 'TAG=x', 'constructor=x'])('knows no path for %s', (source) => {
    expect(fstabDevicePath(source)).toBeUndefined();
  });
});
