import { describe, expect, test } from 'vitest';
import type { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { explained, kernelHost, live, passSysctls, persisted, sysctlsSpec } from '../../../support/sysctls-pass.ts';

/** The capabilities of the unit: CHOWN, DAC_OVERRIDE, FOWNER, NET_ADMIN, SYS_MODULE, SYS_ADMIN, SYS_RESOURCE. */
const OF_THE_UNIT = 'Name:\tnodeprep\nCapInh:\t0000000000000000\nCapEff:\t000000000121100b\n';
const OF_ROOT = 'CapEff:\t000001ffffffffff\n';

function refusing(name: string, code: string, status: string | undefined): MemoryHost {
  const files: Record<string, string> = status === undefined ? {} : { '/proc/self/status': status };
  return kernelHost({ [name]: '1' }, files, { refused: { [name]: code } });
}

describe('a parameter that takes a capability', () => {
  test.each([
    ['kernel.yama.ptrace_scope', 'CAP_SYS_PTRACE'],
    ['vm.mmap_min_addr', 'CAP_SYS_RAWIO'],
    ['kernel.apparmor_restrict_unprivileged_userns', 'CAP_MAC_ADMIN'],
    ['kernel.unprivileged_userns_apparmor_policy', 'CAP_MAC_ADMIN'],
  ])('names it with the way to grant it: %s', async (name, capability) => {
    const host = refusing(name, 'EPERM', OF_THE_UNIT);

    const { failures } = await passSysctls(host, sysctlsSpec([[name, '2']]));

    expect(failures[0]?.reason).toBe('PermissionDenied');
    expect(failures[0]?.message).toContain(`the kernel wants ${capability}`);
    expect(failures[0]?.message).toContain(`"CapabilityBoundingSet=${capability}"`);
    expect((await explained(host, sysctlsSpec([[name, '2']]), name))?.notes.join()).toContain(capability);
  });

  test.each([
    ['kernel.dmesg_restrict', 'CapEff:\t0000000000000000\n', 'CAP_SYS_ADMIN'],
    ['net.core.bpf_jit_harden', 'CapEff:\t0000000000000000\n', 'CAP_SYS_ADMIN'],
    ['net.ipv4.ip_forward', 'CapEff:\t0000000000000000\n', 'CAP_NET_ADMIN'],
    ['user.max_user_namespaces', 'CapEff:\t0000000000000000\n', 'CAP_SYS_RESOURCE'],
  ])('names one that was taken from NodePrep: %s', async (name, status, capability) => {
    const { failures } = await passSysctls(refusing(name, 'EACCES', status), sysctlsSpec([[name, '2']]));

    expect(failures[0]?.message).toContain(capability);
  });

  test.each([
    ['it has the capability', OF_ROOT],
    ['that cannot be known', undefined],
  ])('does not claim to lack it when %s', async (_, status) => {
    const host = refusing('kernel.yama.ptrace_scope', 'EPERM', status);

    const { failures } = await passSysctls(host, sysctlsSpec([['kernel.yama.ptrace_scope', '2']]));

    expect(failures[0]?.message).not.toContain('CAP_SYS_PTRACE');
    expect(failures[0]?.message).toContain('NodePrep needs root in the namespaces of the host');
  });
});

describe('a parameter that the kernel only shows', () => {
  const readOnly = (value: string) => {
    const host = kernelHost({ 'net.ipv4.conf.all.mc_forwarding': '0', 'vm.swappiness': '60' });
    const path = '/proc/sys/net/ipv4/conf/all/mc_forwarding';
    host.nodes.set(path, { type: 'file', content: '0\n', mode: 0o444 });
    const spec = sysctlsSpec([
      ['net.ipv4.conf.all.mc_forwarding', value],
      ['vm.swappiness', '1'],
    ]);
    return { host, spec };
  };

  test('is named before anything is written, and stops nothing else', async () => {
    const { host, spec } = readOnly('1');

    const { blocked, failures } = await passSysctls(host, spec);

    expect(blocked.map(({ target, message }) => [target, message.includes('it is read-only')])).toEqual([
      ['net.ipv4.conf.all.mc_forwarding', true],
    ]);
    expect(failures).toEqual([]);
    expect(live(host, 'vm.swappiness')).toBe('1');
    expect(persisted(host)).toEqual(['vm.swappiness = 1']);
  });

  test('is never persisted: systemd-sysctl would fail at every boot', async () => {
    const { host, spec } = readOnly('0');

    const { entries } = await passSysctls(host, spec);

    expect(entries.map(({ state }) => state)).toEqual(['InSync', 'InSync']);
    expect(persisted(host)).toEqual(['vm.swappiness = 1']);
  });
});
