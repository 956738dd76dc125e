import { expect, test } from 'vitest';
import { isGlob, matchesGlob } from '../../../src/areas/glob.ts';

test.each([
  ['net/ipv4/conf/*/rp_filter', 'net/ipv4/conf/eth0.100/rp_filter', true],
  ['net/ipv4/conf/*/rp_filter', 'net/ipv4/conf/a/b/rp_filter', false],
  ['net/ipv4/conf/eth?/rp_filter', 'net/ipv4/conf/eth0/rp_filter', true],
  ['net/ipv4/conf/eth?/rp_filter', 'net/ipv4/conf/eth10/rp_filter', false],
  ['net/ipv4/conf/[ae]*/rp_filter', 'net/ipv4/conf/eth0/rp_filter', true],
  ['net/ipv4/conf/[!ae]*/rp_filter', 'net/ipv4/conf/eth0/rp_filter', false],
  ['net/ipv4/conf/eth[0-3]/rp_filter', 'net/ipv4/conf/eth2/rp_filter', true],
  ['net/ipv4/conf/eth[]x]/rp_filter', 'net/ipv4/conf/eth]/rp_filter', true],
  ['net/ipv4/conf/eth[0', 'net/ipv4/conf/eth[0', true],
  ['net/ipv4/conf/\\*', 'net/ipv4/conf/*', true],
  ['net/ipv4/*', 'net/ipv4', false],
  ['*', 'vm', true],
])('%s on %s: %s', (pattern, path, matches) => {
  expect(matchesGlob(pattern, path)).toBe(matches);
});

test('many stars do not blow up', () => {
  expect(matchesGlob(`${'*a'.repeat(2000)}b`, 'a'.repeat(4000))).toBe(false);
});

test('only wildcards make a pattern', () => {
  expect(['a*', 'a?', 'a[b'].every(isGlob)).toBe(true);
  expect(isGlob('net/ipv4/ip_forward')).toBe(false);
});
