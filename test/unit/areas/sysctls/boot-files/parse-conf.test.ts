import { describe, expect, test } from 'vitest';
import { parseConf, type Reader } from '../../../../../src/areas/sysctls/boot-files/parse-conf.ts';

const lines = (text: string, reader: Reader = 'systemd') =>
  parseConf(text, reader).assignments.map(({ keyPath, value, line }) => `${line} ${keyPath} ${value ?? '(out)'}`);

describe('a sysctl.d file', () => {
  test('gives one assignment per line in every spelling of a key', () => {
    const text = `# comment
; another
net.ipv4.ip_forward=1
 net/ipv4/conf/eth0.100/forwarding  =  1
net.ipv4.conf.eth0/100.forwarding = 0
-vm.swappiness = 10
/kernel/panic = 10
-net.ipv4.conf.all.rp_filter
kernel.domainname = a=b # not a comment`;

    for (const reader of ['systemd', 'procps'] as const) {
      expect(lines(text, reader)).toEqual([
        '3 net/ipv4/ip_forward 1',
        '4 net/ipv4/conf/eth0.100/forwarding 1',
        '5 net/ipv4/conf/eth0.100/forwarding 0',
        '6 vm/swappiness 10',
        '7 kernel/panic 10',
        '8 net/ipv4/conf/all/rp_filter (out)',
        '9 kernel/domainname a=b # not a comment',
      ]);
    }
  });

  test('keeps an empty value, which is a value', () => {
    expect(lines('net.ipv4.ip_local_reserved_ports =')).toEqual(['1 net/ipv4/ip_local_reserved_ports ']);
  });

  test('skips what is no assignment', () => {
    expect(lines('nonsense\n= 5\n-\n\n   \n[Section]')).toEqual([]);
  });

  test('reads files of other systems: CRLF, and CR alone for systemd', () => {
    expect(lines('vm.swappiness=1\r\nkernel.panic=2\r\n')).toEqual(['1 vm/swappiness 1', '2 kernel/panic 2']);
    expect(lines('vm.swappiness=1\r\nkernel.panic=2\r\n', 'procps')).toEqual(['1 vm/swappiness 1', '2 kernel/panic 2']);
    expect(lines('vm.swappiness=1\rkernel.panic=2')).toHaveLength(2);
    expect(lines('vm.swappiness=1\rkernel.panic=2', 'procps')).toHaveLength(1);
  });

  test('ends lines at NUL for systemd, and drops the rest of the line for procps', () => {
    expect(lines('vm.swappiness=1\0kernel.panic=2')).toHaveLength(2);
    expect(lines('vm.swappiness=1\0kernel.panic=2', 'procps')).toEqual(['1 vm/swappiness 1']);
  });

  test('stops for systemd at a line of 1 MiB and keeps what was before it', () => {
    const text = `vm.swappiness=1\n#${'x'.repeat(1024 * 1024)}\nkernel.panic=2\n`;

    expect(parseConf(text, 'systemd')).toMatchObject({ assignments: [{ keyPath: 'vm/swappiness' }], stoppedAt: 2 });
    expect(lines(text, 'procps')).toHaveLength(2);
  });

  test('does not stall on a long line of blanks', () => {
    expect(lines(`vm.swappiness=1${' '.repeat(900_000)}x`)).toHaveLength(1);
    expect(lines(`${' '.repeat(900_000)}x`)).toEqual([]);
  });

  test('reads UTF-8 behind the bytes', () => {
    const bytes = Buffer.from('kernel.domainname = grün', 'utf8').toString('latin1');

    expect(lines(bytes)).toEqual(['1 kernel/domainname grün']);
  });
});
