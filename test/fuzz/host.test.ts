/** Whatever the files of a host say: they are read, or the area says which it cannot read, and none of them is harmed. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseParameters } from '../../src/areas/modules/parameters.ts';
import * as modules from '../../src/areas/modules/observe/parse.ts';
import { matchesGlob } from '../../src/areas/glob.ts';
import { parseConf } from '../../src/areas/sysctls/boot-files/parse-conf.ts';
import { asKernelReads } from '../../src/areas/sysctls/values/kernel-reading.ts';
import { withoutYamlKey } from '../../src/areas/cgroup/edit/yaml.ts';
import { configFrom } from '../../src/areas/kubelet.ts';
import { parseKubeletSwap } from '../../src/areas/swap/observe/kubelet.ts';
import { parseMemAvailable } from '../../src/areas/swap/observe/parse.ts';
import { parseZramSections } from '../../src/areas/swap/observe/zram-generator.ts';
import { disableFstabSwaps, parseFstabSwaps, restoreFstabSwaps } from '../../src/areas/swap/plan/fstab.ts';
import { parseUnits } from '../../src/areas/swap/plan/units.ts';
import { everyArea } from '../../src/areas/index.ts';
import { loadSpec } from '../../src/api/spec/load.ts';
import { MemoryHost } from '../../src/host/memory/memory-host.ts';
import { openLedger } from '../../src/reconcile/ledger/ledger.ts';
import { createEngine } from '../../src/reconcile/loop/engine.ts';
import { manage } from '../../src/reconcile/pass/pass.ts';
import { hostileText, holds } from '../support/fuzz.ts';
import { linuxWorld, RELEASE } from '../support/linux-world.ts';

const PIECES = [
  ...[
    'net.ipv4.ip_forward',
    'net/ipv4/conf/eth0.1/rp_filter',
    '-net.ipv4.conf.*',
    ' = ',
    '=',
    '1\n',
    '0x1\n',
    '# x\n',
    '; y\n',
  ],
  ...[
    'options ',
    'blacklist ',
    'install ',
    'alias ',
    'overlay',
    'br_netfilter\n',
    'nf_conntrack hashsize=',
    '"a b"',
    '\\\n',
  ],
  ...['LABEL=swap none swap sw 0 0\n', '/dev/sda2\tswap\tswap\n', '/my\\040file none swap\n', '# nodeprep: disabled: '],
  ...[
    '[zram0]\n',
    'mount-point = /x\n',
    'fs-type=swap\n',
    'zram-size = ram\n',
    'MemAvailable: 1 kB\n',
    'MemTotal:  99999999 kB\n',
  ],
  ...[
    'Id=swap.target\n',
    'LoadState=masked\n',
    'DropInPaths="/a b" /c\n',
    'What=/dev/x\n',
    '\n\n',
    'kernel/fs/a.ko.xz: b.ko\n',
  ],
  ...[
    'failSwapOn: false\n',
    'memorySwap: {swapBehavior: LimitedSwap}\n',
    '--fail-swap-on=false',
    'featureGates: [NodeSwap]\n',
  ],
  ...[
    '[Network]\n',
    'IPForward=yes\n',
    'IPv4Forwarding=no\n',
    '[Match]\nName=eth* !eth0\n',
    '[sysctl]\n',
    'ENABLED=yes\n',
  ],
];

const PARSERS: readonly ((text: string) => unknown)[] = [
  (text) => parseConf(text, 'systemd'),
  (text) => parseConf(text, 'procps'),
  modules.parseLoadList,
  modules.parseModprobeConfig,
  modules.parseModulePaths,
  modules.parseAliases,
  modules.parseLoadedModules,
  modules.parseFilesystems,
  modules.parseCommandLine,
  modules.parseLockdown,
  parseParameters,
  parseZramSections,
  parseMemAvailable,
  parseUnits,
  parseFstabSwaps,
  (text) => parseKubeletSwap([{ file: 'c', ...configFrom(text) }], [{ file: 'f', text }]),
  (text) => matchesGlob(text.slice(0, 200), text.slice(100, 300)),
  (text) => asKernelReads(text.slice(0, 100), '1\t2'),
];

test('every parser of a foreign file takes any text', async () => {
  expect.hasAssertions();
  await holds(0.15, hostileText(PIECES), (text) => {
    for (const parse of PARSERS) parse(text);
  });
});

test('fstab is given back byte for byte', async () => {
  await holds(0.05, hostileText(PIECES), (text) => {
    if (text.includes('# nodeprep: disabled: ')) return;
    expect(restoreFstabSwaps(disableFstabSwaps(text))).toBe(text);
  });
});

/** Every file that an area reads and others write. */
const FOREIGN = [
  ...[
    '/etc/sysctl.d/50-x.conf',
    '/etc/sysctl.conf',
    '/etc/modprobe.d/x.conf',
    '/etc/modules-load.d/x.conf',
    '/etc/fstab',
  ],
  ...[
    '/etc/systemd/zram-generator.conf',
    '/etc/systemd/network/x.network',
    '/etc/ufw/ufw.conf',
    '/etc/ufw/sysctl.conf',
  ],
  ...['/var/lib/kubelet/config.yaml', '/etc/default/kubelet', '/proc/meminfo', '/proc/modules', '/proc/cmdline'],
  ...['/proc/filesystems', '/proc/sys/net/ipv4/ip_forward', '/sys/module/nf_conntrack/parameters/hashsize'],
  ...[
    `/lib/modules/${RELEASE}/modules.dep`,
    `/lib/modules/${RELEASE}/modules.alias`,
    '/etc/sysctl.d/99-zz-nodeprep.conf',
  ],
  ...['/etc/modules-load.d/nodeprep.conf', '/etc/modprobe.d/nodeprep.conf'],
];

test('no file of a host is a bug for an area', async () => {
  const { spec, source } = loadSpec([
    {
      file: 'f',
      contents: `
apiVersion: nodeprep.dev/v1alpha1
kind: NodePrep
spec:
  profile: kubeadm-worker
  modules: [{name: nf_conntrack, parameters: {hashsize: 1024}}, {name: constructor, optional: true}]
  sysctls: [{name: net.constructor.length, value: 1, optional: true}, {name: net.ipv4.conf.all.rp_filter, value: 2}]
  swap: {behavior: LimitedSwap}
`,
    },
  ]);
  const snapshot = { name: 'w', generation: 1, spec, source };
  const kernel = fc.constantFrom('captured' as const, 'absent' as const);
  const files = fc.dictionary(fc.constantFrom(...FOREIGN), hostileText(PIECES), { minKeys: 1, maxKeys: 6 });
  await holds(0.15, fc.tuple(files, kernel), async ([changes, state]) => {
    const host = new MemoryHost({ ...linuxWorld(), ...changes }, { kernel: state });
    const now = () => new Date(0);
    const clock = () => 0;
    const engine = createEngine({ host, areas: everyArea(manage), ledger: await openLedger(host, now), clock, now });
    const { signal } = new AbortController();
    for (let round = 0; round < 2; round += 1) {
      const report = await engine.round({ snapshot, cause: 'start' }, signal);
      expect(report.areas.filter((area) => JSON.stringify(area).includes('has a bug'))).toEqual([]);
    }
    for (const [path, text] of Object.entries(changes)) {
      if (path.includes('nodeprep') || path === '/etc/fstab') continue;
      const before = Buffer.from(text).toString();
      const after = host.text(path) ?? '';
      // The profile wants a driver, which is one line of ours in a configuration of the kubelet that can be read.
      if (path !== '/var/lib/kubelet/config.yaml') expect(after).toBe(before);
      else expect([before, `${before}\n`, `${before}\r\n`]).toContain(withoutYamlKey(after, 'cgroupDriver'));
    }
  });
});
