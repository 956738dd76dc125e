import { describe, expect, it } from 'vitest';
import { InvalidNameError } from '../../../../src/api/yaml/errors.ts';
import { canonicalSysctl, DENIED_SYSCTLS, deniedSysctl, sysctlPath } from '../../../../src/api/names/sysctl-names.ts';

describe('canonicalSysctl', () => {
  it.each([
    ['net.ipv4.ip_forward', 'net.ipv4.ip_forward', '/proc/sys/net/ipv4/ip_forward'],
    ['net/ipv4/ip_forward', 'net.ipv4.ip_forward', '/proc/sys/net/ipv4/ip_forward'],
    [
      'net/ipv4/conf/eth0.100/forwarding',
      'net/ipv4/conf/eth0.100/forwarding',
      '/proc/sys/net/ipv4/conf/eth0.100/forwarding',
    ],
    [
      'net.ipv4.conf.eth0/100.forwarding',
      'net/ipv4/conf/eth0.100/forwarding',
      '/proc/sys/net/ipv4/conf/eth0.100/forwarding',
    ],
    [
      'net.bridge.bridge-nf-call-iptables',
      'net.bridge.bridge-nf-call-iptables',
      '/proc/sys/net/bridge/bridge-nf-call-iptables',
    ],
    [
      'net/ipv4/conf/wlan0:1/forwarding',
      'net.ipv4.conf.wlan0:1.forwarding',
      '/proc/sys/net/ipv4/conf/wlan0:1/forwarding',
    ],
  ])('reads %s by its first separator', (written, canonical, path) => {
    expect(canonicalSysctl(written)).toBe(canonical);
    expect(sysctlPath(canonical)).toBe(path);
    expect(sysctlPath(written)).toBe(path);
  });

  it.each([
    ['an empty name', '', 'it is empty'],
    ['one part', 'vm', 'only one part'],
    ['an absolute path', '/proc/sys/vm/swappiness', 'absolute path'],
    ['a climbing path', 'net/../../etc/passwd', '".."'],
    ['a climbing path at the start', '../../etc/passwd', '".."'],
    ['a climbing path in dots and slashes', 'net.//.passwd', '".."'],
    ['a part that means "."', 'net./.x', '"."'],
    ['an empty part', 'net..x', 'empty part'],
    ['an empty part between slashes', 'net//x', 'empty part'],
    ['a trailing dot', 'net.x.', 'empty part'],
    ['a trailing slash', 'net/x/', 'empty part'],
    ['a leading dot', '.net.x', 'empty part'],
    ['an option', '-w', 'sysctl.d reads'],
    ['an ignored error', '-net.x', 'sysctl.d reads'],
    ['a pattern', 'net.ipv4.conf.*.x', 'pattern'],
    ['a set', 'net.ipv4.conf.[ab].x', 'pattern'],
    ['an alternative', 'net.{a,b}.x', 'pattern'],
    ['an assignment', 'net.x=1', '"="'],
    ['a blank', 'net.x y', '" "'],
    ['a tab', 'net.x\ty', '"\\t"'],
    ['a line break', 'net.x\nkernel.y', '"\\n"'],
    ['a NUL', 'net.x\0', '"\\0"'],
    ['a comment', '#net.x', '"#"'],
    ['a backslash', 'net.x\\y', '"\\\\"'],
    ['a letter outside of ASCII', 'net.ä', '"ä"'],
    ['a full-width dot', 'net\uff0ex', 'cannot be part'],
    ['256 characters', `net.${'a'.repeat(252)}`, '256 characters'],
  ])('refuses %s', (_, name, why) => {
    expect(() => canonicalSysctl(name)).toThrow(InvalidNameError);
    expect(() => canonicalSysctl(name)).toThrow(why);
    expect(() => sysctlPath(name)).toThrow(InvalidNameError);
  });

  it('accepts 255 characters and never repeats a long name whole', () => {
    expect(canonicalSysctl(`net.${'a'.repeat(251)}`)).toHaveLength(255);
    const long = `net.${'a'.repeat(1_000_000)}`;
    expect(() => canonicalSysctl(long)).toThrow(/^.{0,200}$/);
  });
});

describe('deniedSysctl', () => {
  it.each([
    'kernel.core_pattern',
    'kernel/core_pattern',
    'kernel.modprobe',
    'kernel.poweroff_cmd',
    'kernel.hotplug',
    'kernel.cad_pid',
    'vm.drop_caches',
    'vm/drop_caches',
    'kernel.sysrq',
    'kernel.usermodehelper.bset',
    'kernel/random/boot_id',
    'fs/binfmt_misc/register',
    'fs/binfmt_misc/qemu.aarch64',
    'net.ipv6.route.flush',
  ])('names a reason for %s', (name) => {
    expect(deniedSysctl(name)).toMatch(/\w{5}/);
  });

  it.each([
    'net.ipv4.ip_forward',
    'net.ipv6.conf.all.stable_secret',
    'kernel.randomize_va_space',
    'kernel.core_uses_pid',
    'net.ipv4.route.max_size',
    'vm.drop_caches_soon',
    'not a name',
  ])('has nothing against %s', (name) => {
    expect(deniedSysctl(name)).toBeUndefined();
  });

  it('lists canonical names only', () => {
    for (const name of Object.keys(DENIED_SYSCTLS)) {
      const literal = name.replace(/\.\*$/, '');
      expect(name.includes('/')).toBe(false);
      expect(canonicalSysctl(literal)).toBe(literal);
    }
  });
});
