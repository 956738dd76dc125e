import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { meantModule } from '../../../../src/api/names/usual-modules.ts';
import { meantSysctl } from '../../../../src/api/names/usual-sysctls.ts';

const HOSTS = new URL('../../../support/hosts/', import.meta.url);

/** Files of all captured hosts whose path has this in it. */
function capturedFiles(part: string): string[] {
  return readdirSync(HOSTS, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes(part));
}

describe('a misspelt name', () => {
  it.each([
    ['net.ipv4.ip_foward', 'net.ipv4.ip_forward'],
    ['net/ipv4/ip_foward', 'net.ipv4.ip_forward'],
    ['Net.IPv4.IP_Forward', 'net.ipv4.ip_forward'],
    ['net.ipv4.conf.eth0.fowarding', 'net.ipv4.conf.eth0.forwarding'],
    ['net/ipv4/conf/eth0.100/fowarding', 'net/ipv4/conf/eth0.100/forwarding'],
    ['net.bridge.bridge-nf-call-iptable', 'net.bridge.bridge-nf-call-iptables'],
    ['vm.swapiness', 'vm.swappiness'],
    ['swappiness', 'vm.swappiness'],
    ['ip_foward', 'net.ipv4.ip_forward'],
  ])('of a parameter, %s, is known to mean %s', (written, meant) => {
    expect(meantSysctl(written)).toBe(meant);
  });

  it.each([
    ['br_netfiltr', 'br_netfilter'],
    ['br_netfliter', 'br_netfilter'],
    ['overly', 'overlay'],
    ['overlayfs', 'overlay'],
    ['ip_vs_wr', 'ip_vs_wrr'],
  ])('of a module, %s, is known to mean %s', (written, meant) => {
    expect(meantModule(written)).toBe(meant);
  });
});

describe('a real name', () => {
  it('of a parameter is never taken for a misspelt one', () => {
    const names = capturedFiles('/proc/sys/').map((path) => path.slice(path.indexOf('/proc/sys/') + 10));

    expect(names.length).toBeGreaterThan(1000);
    expect(names.flatMap((name) => meantSysctl(name) ?? [])).toEqual([]);
  });

  it('of a module is never taken for a misspelt one', () => {
    const names = [...capturedFiles('modules.dep'), ...capturedFiles('modules.builtin')]
      .flatMap((file) => readFileSync(new URL(file, HOSTS), 'latin1').split('\n'))
      .map((line) => /([^/]+)\.ko/.exec(line.split(':')[0] ?? '')?.[1]?.replaceAll('-', '_'))
      .filter((name) => name !== undefined);

    expect(names.length).toBeGreaterThan(1000);
    expect(names.flatMap((name) => meantModule(name) ?? [])).toEqual([]);
  });

  it.each(['net.foo.bar', 'net.ipv4.tcp_unknown_option9', 'x'])('of nothing usual, %s, has no suggestion', (name) => {
    expect(meantSysctl(name)).toBeUndefined();
    expect(meantModule(name)).toBeUndefined();
  });
});
