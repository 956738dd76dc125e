/** What a document may not ask for: programs that the kernel runs, values that no kernel takes, values that brick a node. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { limitProblems, parseLimits } from '../../../../src/api/spec/limits.ts';
import { numberProblemOf } from '../../../../src/api/names/sysctl-values.ts';
import { emptySpec } from '../../../../src/api/spec/nodeprep.ts';
import { loadSpec } from '../../../../src/api/spec/load.ts';
import { beyondLimitsOf } from '../../../../src/disk/host-limits.ts';
import { kernelHost, live, passSysctls, sysctlsSpec } from '../../../support/sysctls-pass.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { linuxWorld, RELEASE } from '../../../support/linux-world.ts';

function problemsOf(spec: string): string {
  const text = `apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n${spec}`;
  try {
    loadSpec([{ file: 'a.yaml', contents: text }]);
    return '';
  } catch (error) {
    return String(error);
  }
}

const sysctl = (name: string, value: string, more = '') =>
  problemsOf(`  sysctls:\n    - name: ${name}\n      value: ${value}\n${more}`);
const parameter = (module: string, name: string, value: string) =>
  problemsOf(`  modules:\n    - name: ${module}\n      parameters:\n        ${name}: ${value}\n`);

describe('a program that the kernel would run as root', () => {
  test.each([
    ['nfsd', 'cltrack_prog', '/bin/x'],
    ['fs-nfsd', 'cltrack_prog', 'x'],
    ['drbd', 'usermode_helper', 'disabled'],
    ['nfs', 'cache_getent', '/tmp/x'],
    ['toy', 'reset_helper', 'x'],
    ['toy', 'upcall', '1'],
    ['firmware_class', 'path', '/tmp/firmware'],
    ['toy', 'file', '"  /etc/shadow"'],
    ['toy', 'list', '"a,/bin/sh"'],
    ['toy', 'list', 'a=/bin/sh'],
    ['toy', 'file', './bin/sh'],
    ['toy', 'file', '../../bin/sh'],
    ['toy', 'file', '"1 /bin/sh"'],
  ])('is no parameter of a module: %s %s', (module, name, value) => {
    expect(parameter(module, name, value)).toContain('denied');
  });

  test.each([
    'drm edid_firmware HDMI-A-1:edid/1920x1080.bin',
    'nf_conntrack hashsize 262144',
    'nbd nbds_max 16',
    'ip_vs conn_tab_bits 20',
    'toy help 1',
  ])('is not what an ordinary parameter is: %s', (words) => {
    const [module = '', name = '', value = ''] = words.split(' ');
    expect(parameter(module, name, value)).toBe('');
  });

  test.each([
    'fs.ocfs2.nm.hb_ctl_path',
    'fs/ocfs2/nm/hb_ctl_path',
    'kernel.msg_next_id',
    'kernel.sem_next_id',
    'kernel.shm_next_id',
    'fs.xfs.stats_clear',
  ])('or a trigger is no kernel parameter: %s', (name) => {
    expect(sysctl(name, '1')).toContain('denied');
  });
});

describe('a value that bricks a node', () => {
  test.each([
    ['kernel.pid_max', '301'],
    ['kernel/pid_max', '"301"'],
    ['fs.file-max', '0'],
    ['kernel.threads-max', '20'],
    ['fs.nr_open', '64'],
    ['user.max_pid_namespaces', '0'],
    ['net.core.netdev_max_backlog', '0'],
    ['vm.max_map_count', '64'],
    ['net.ipv4.ip_default_ttl', '1'],
    ['fs.inotify.max_user_instances', '0'],
    ['kernel.keys.root_maxkeys', '0'],
    ['net.ipv4.tcp_mem', '1 1 1'],
    ['net.ipv4.udp_mem', '4096 0 131072'],
    ['fs.epoll.max_user_watches', '0'],
    ['vm.overcommit_ratio', '0'],
    ['vm.overcommit_kbytes', '1'],
    ['user.max_inotify_instances', '0'],
    ['user/max_inotify_watches', '0'],
    ['kernel.keys.root_maxbytes', '0'],
    ['net.netfilter.nf_conntrack_max', '1'],
    ['net.nf_conntrack_max', '1'],
    ['net.ipv4.tcp_rmem', '1 1 1'],
    ['net.ipv4.tcp_rmem', '4096 1000 1000'],
    ['net.ipv4.tcp_notsent_lowat', '0'],
    ['net.core.optmem_max', '0'],
    ['net.core.dev_weight', '0'],
    ['net.ipv6.conf.all.hop_limit', '1'],
    ['net/ipv6/conf/eth0.100/hop_limit', '1'],
    ['net.ipv4.neigh.eth0.mcast_solicit', '0'],
    ['net.ipv6.route.max_size', '0'],
  ])('is refused: %s %s', (name, value) => {
    expect(sysctl(name, value)).toContain('is too small');
    // A limit that is only ever raised does no harm.
    expect(sysctl(name, value, '      match: AtLeast\n')).toBe('');
  });

  test.each(['net.netfilter.nf_conntrack_max', 'net.nf_conntrack_max', 'vm.overcommit_kbytes'])(
    'is not the 0 that means no limit: %s',
    (name) => {
      expect(sysctl(name, '0')).toBe('');
      expect(sysctl(name, '" 0"')).toBe('');
    },
  );

  test('is no vector of usual numbers', () => {
    expect(sysctl('net.ipv4.tcp_rmem', '4096 131072 6291456')).toBe('');
    expect(sysctl('net.ipv4.udp_mem', '4096 131072 6291456')).toBe('');
    expect(sysctl('net.ipv4.tcp_mem', '"4096\t131072\t6291456"')).toBe('');
  });

  test('is not written either when it comes from an older record', async () => {
    const host = kernelHost({ 'kernel.pid_max': '4194304' });

    const report = await passSysctls(host, sysctlsSpec([['kernel.pid_max', '301']]));

    expect(live(host, 'kernel.pid_max')).toBe('4194304');
    expect(report.blocked).toMatchObject([{ reason: 'SysctlDenied' }]);
  });

  const range = 'net.ipv4.ip_local_port_range';
  const reserved = 'net.ipv4.ip_local_reserved_ports';
  const [mode, ratio, kbytes] = ['vm.overcommit_memory', 'vm.overcommit_ratio', 'vm.overcommit_kbytes'];
  const ports = { [range]: '32768\t60999', [reserved]: '' };
  const promise = { [mode]: '1', [ratio]: '50', [kbytes]: '0' };

  test.each<[string, Record<string, string>, [string, string][]]>([
    ['one port for all connections', ports, [[range, '32768 32768']]],
    ['few ports', ports, [[range, '32768 32800']]],
    ['all ports reserved', ports, [[reserved, '1024-65535']]],
    ['all ports but some reserved', ports, [[reserved, '32768-50000,50005-65535']]],
    ['what is left reserved', { ...ports, [reserved]: '1024-40000' }, [[range, '1024 40000']]],
    ['no promise of memory', { ...promise, [ratio]: '0' }, [[mode, '2']]],
    [
      'memory by both',
      promise,
      [
        [mode, '2'],
        [ratio, '10'],
      ],
    ],
    ['memory by the ratio', { ...promise, [mode]: '2' }, [[ratio, '10']]],
    ['memory by kbytes', { ...promise, [mode]: '2' }, [[kbytes, '100000']]],
  ])('is one of several that do it together: %s', async (_, before, declared) => {
    const host = kernelHost(before, { '/proc/meminfo': 'MemTotal: 1000000 kB\n' });

    const { blocked } = await passSysctls(host, sysctlsSpec(declared));

    expect(blocked.map(({ target, reason }) => [target, reason])).toEqual(
      declared.map(([name]) => [name, 'SysctlDenied']),
    );
    for (const name of Object.keys(before)) expect(live(host, name)).toBe(before[name]);
  });

  test.each<[string, Record<string, string>, [string, string][]]>([
    [
      'a range of ports',
      ports,
      [
        [range, '1024 65000'],
        [reserved, '10250,30000-32767'],
      ],
    ],
    ['the usual share', promise, [[mode, '2']]],
    ['a share that is not asked', { ...promise, [mode]: '0' }, [[ratio, '10']]],
    [
      'kbytes',
      { ...promise, [ratio]: '0', [kbytes]: '0' },
      [
        [mode, '2'],
        [kbytes, '600000'],
      ],
    ],
    ['a ratio in place of kbytes', { ...promise, [mode]: '2', [ratio]: '0', [kbytes]: '100000' }, [[ratio, '80']]],
  ])('is none of these: %s', async (_, before, declared) => {
    const host = kernelHost(before, { '/proc/meminfo': 'MemTotal: 1000000 kB\n' });

    expect((await passSysctls(host, sysctlsSpec(declared))).blocked).toEqual([]);
  });

  test.each([
    ['vm.min_free_kbytes', '900000', '200000'],
    ['vm.nr_hugepages', '480', '400'],
    ['vm.nr_hugepages_mempolicy', '480', '400'],
  ])('is compared with the memory of the host: %s %s', async (name, tooMuch, possible) => {
    const files = { '/proc/meminfo': 'MemTotal: 1000000 kB\nHugepagesize: 2048 kB\n' };
    const host = kernelHost({ [name]: '0' }, files);

    expect((await passSysctls(host, sysctlsSpec([[name, tooMuch]]))).blocked).toMatchObject([
      { reason: 'SysctlDenied' },
    ]);
    expect(live(host, name)).toBe('0');
    await passSysctls(host, sysctlsSpec([[name, possible]]));
    expect(live(host, name)).toBe(possible);
  });
});

describe('a value that no kernel takes', () => {
  test.each([
    ['fs.file-max', '2Mi'],
    ['fs.file-max', '"999999999999999999999"'],
    ['fs.file-max', '"0x10000000000000000"'],
    ['net.core.somaxconn', '4,096'],
    ['vm.swappiness', '$SWAPPINESS'],
    ['net.ipv4.ip_forward', '"yes"'],
    ['net.ipv4.tcp_rmem', '4096 128K 6M'],
    ['net/ipv4/conf/eth0.100/rp_filter', 'loose'],
  ])('is refused: %s %s', (name, value) => {
    expect(sysctl(name, value)).toContain('is not a number');
  });

  test.each([
    ['net.ipv4.tcp_congestion_control', 'bbr'],
    ['net.core.default_qdisc', 'fq'],
    ['net.ipv4.ip_local_reserved_ports', '8080,9000-9100'],
    ['kernel.watchdog_cpumask', '0-3'],
    ['vm.swappiness', '"0x1f"'],
    ['net.ipv4.tcp_rmem', '4096 131072 6291456'],
    ['dev.anything.mode', 'fast'],
  ])('is none of these: %s %s', (name, value) => {
    expect(sysctl(name, value)).toBe('');
  });

  test('is none that a captured host shows', () => {
    const root = join(import.meta.dirname, '../../../support/hosts');
    const wrong: string[] = [];
    for (const host of readdirSync(root)) {
      const base = join(root, host, 'root/proc/sys');
      for (const name of filesBelow(base)) {
        const text = readFileSync(join(base, name), 'utf8').trim();
        if (text !== '' && numberProblemOf(name, text) !== undefined) wrong.push(`${name} = ${text}`);
      }
    }
    // These are refused by their names.
    expect(wrong.filter((line) => !/^kernel\/(modprobe|poweroff_cmd|core_pattern|hotplug)/.test(line))).toEqual([]);
  });
});

function filesBelow(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
  } catch {
    return [];
  }
}

describe('limits of a host', () => {
  const head = 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrepLimits\n';

  test.each([
    ['net.ipv4.conf.all.forwarding', 'net.ipv4.ip_forward'],
    ['net.nf_conntrack_max', 'net.netfilter.nf_conntrack_max'],
    ['vm.nr_hugepages_mempolicy', 'vm.nr_hugepages'],
    ['user.max_inotify_watches', 'fs.inotify.max_user_watches'],
  ])('hold for %s, which is %s', (declared, limited) => {
    const spec = sysctlsSpec([[declared, '1']]);
    const check = (text: string) => limitProblems(spec, parseLimits('l', `${head}sysctls:\n${text}`), 'o').length;

    expect(check(`  deny: [${limited}]\n`)).toBe(1);
    expect(check(`  allow: [${limited}]\n`)).toBe(0);
    expect(check(`  bounds: [{name: ${limited}, max: 0}]\n`)).toBe(1);
  });

  test('count no limit as more than every bound', () => {
    const limits = parseLimits('l', `${head}sysctls:\n  bounds: [{name: net.netfilter.nf_conntrack_max, max: 1000}]\n`);

    expect(limitProblems(sysctlsSpec([['net.nf_conntrack_max', '0']]), limits, 'o')).toHaveLength(1);
  });

  test('hold for a module by whatever alias, and for parameters', async () => {
    const files = {
      [`/lib/modules/${RELEASE}/modules.dep`]: 'kernel/fs/udf/udf.ko:\n',
      [`/lib/modules/${RELEASE}/modules.alias`]: 'alias fs-udf udf\n',
    };
    const check = async (text: string, parameters = {}) => {
      const host = new MemoryHost(linuxWorld({ ...files, '/etc/nodeprep/limits.yaml': `${head}modules:\n${text}` }));
      const spec = { ...emptySpec('Keep'), modules: [{ name: 'fs_udf', parameters, required: true }] };
      return (await beyondLimitsOf(host, spec, 'o'))?.isCertain;
    };

    expect(await check('  deny: [udf]\n')).toBe(true);
    expect(await check('  allow: [udf]\n')).toBeUndefined();
    expect(await check('  parameters: {deny: [udf.*]}\n', { a: '1' })).toBe(true);
    expect(await check('  parameters: {allow: []}\n', { a: '1' })).toBe(true);
    expect(await check('  parameters: {allow: [udf.a]}\n', { a: '1' })).toBeUndefined();
  });

  test('two names of a switch need one value, two names of a limit are refused', () => {
    const twins = (one: string, other: string, a: string, b: string) =>
      problemsOf(`  sysctls:\n    - {name: ${one}, value: ${a}}\n    - {name: ${other}, value: ${b}}\n`);
    const [max, alias] = ['net.netfilter.nf_conntrack_max', 'net.nf_conntrack_max'];

    expect(twins(alias, max, '262144', '131072')).toContain('keep one of them');
    expect(twins(alias, max, '262144', '262144')).toContain('keep one of them');
    expect(twins('net.ipv4.ip_forward', 'net.ipv4.conf.all.forwarding', '1', '0')).toContain('give them one value');
    expect(twins('net.ipv4.ip_forward', 'net.ipv4.conf.all.forwarding', '1', '1')).toBe('');
  });
});

test.each(['kernel.osrelease', 'fs/file-nr', 'net.ipv4.tcp_available_congestion_control', 'kernel.ngroups_max'])(
  'a parameter that the kernel only shows cannot be declared: %s',
  (name) => {
    expect(sysctl(name, '1')).toContain(`"${name}" is read-only`);
  },
);
