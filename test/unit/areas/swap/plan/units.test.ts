import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isZramUnit, parseUnits } from '../../../../../src/areas/swap/plan/units.ts';
import { parseZramSections } from '../../../../../src/areas/swap/observe/zram-generator.ts';

const captured = (host: string) =>
  parseUnits(readFileSync(`test/support/hosts/${host}/commands/systemctl-show-swap.txt`, 'utf8'));

describe('parseUnits', () => {
  it('reads a real machine whose swap comes from the partition table, with every name of the partition', () => {
    const units = captured('debian-12/with-gpt-swap');

    const gpt = units.find((unit) => unit.name === 'dev-vda2.swap');
    expect(gpt).toMatchObject({
      load: 'loaded',
      isActive: true,
      fragment: '/run/systemd/generator.late/dev-vda2.swap',
    });
    expect(units.filter((unit) => unit.isActive && unit.fragment === '')).toHaveLength(5);
  });

  it('reads a real machine after swapoff and with swap.target masked', () => {
    const units = captured('debian-12/after-swapoff');

    expect(units.map(({ name, load, isActive }) => [name, load, isActive])).toEqual([
      ['swap.target', 'masked', true],
      ['dev-zram0.swap', 'loaded', false],
      ['dev-vda2.swap', 'loaded', false],
    ]);
  });

  it('takes quotes and doubled backslashes off drop-in paths', () => {
    const text = 'Id=a\\x20b.swap\nDropInPaths="/etc/systemd/system/a\\\\x20b.swap.d/nodeprep.conf" /run/x.conf\n';

    expect(parseUnits(text)[0]?.dropIns).toEqual(['/etc/systemd/system/a\\x20b.swap.d/nodeprep.conf', '/run/x.conf']);
  });

  it.each(['', '\n\n', 'What=\nActiveState=active\n', 'no equals sign'])('finds no unit in %j', (text) => {
    expect(parseUnits(text)).toEqual([]);
  });
});

describe('isZramUnit', () => {
  it('knows zram by the name, the device, the unit it follows and the service', () => {
    const live = { load: 'loaded', isActive: true, fragment: '', source: '', what: '', following: '', dropIns: [] };

    expect(isZramUnit('dev-zram0.swap')).toBe(true);
    expect(isZramUnit('zramswap.service')).toBe(true);
    expect(isZramUnit('x.swap', { ...live, name: 'x.swap', what: '/dev/zram3' })).toBe(true);
    expect(isZramUnit('x.swap', { ...live, name: 'x.swap', following: 'dev-zram0.swap' })).toBe(true);
    expect(isZramUnit('dphys-swapfile.service')).toBe(false);
    expect(isZramUnit('dev-vda2.swap', { ...live, name: 'dev-vda2.swap', what: '/dev/vda2' })).toBe(false);
  });
});

describe('parseZramSections', () => {
  it('finds the devices that are swap, and not those that carry a file system', () => {
    const text = [
      '# [zram9]',
      '[zram0]',
      'zram-size = ram / 2',
      '[zram1]',
      'mount-point = /var/tmp',
      '[zram2]',
      'fs-type = ext4',
      '[zram3]',
      'fs-type=swap',
      'mount-point =',
      '[other]',
      'mount-point = /x',
    ].join('\n');

    expect(parseZramSections(text)).toEqual([
      { line: 2, unit: 'dev-zram0.swap' },
      { line: 8, unit: 'dev-zram3.swap' },
    ]);
  });

  it.each(['', '[zram0', 'mount-point=/x\n', '[zram]\n', '[zramx]\n'])('finds none in %j', (text) => {
    expect(parseZramSections(text)).toEqual([]);
  });
});
