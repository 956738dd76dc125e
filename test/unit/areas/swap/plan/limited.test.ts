import { describe, expect, it } from 'vitest';
import { configFrom } from '../../../../../src/areas/kubelet.ts';
import { parseKubeletSwap } from '../../../../../src/areas/swap/observe/kubelet.ts';
import type { MemoryFiles } from '../../../../../src/host/memory/memory-host.ts';
import { passSwap, swapMachine, swapSpec } from '../../../../support/swap-pass.ts';

const CONFIG = '/var/lib/kubelet/config.yaml';
const GOOD =
  'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nfailSwapOn: false\nmemorySwap:\n  swapBehavior: LimitedSwap\n';
const V2 = { '/sys/fs/cgroup/cgroup.controllers': 'cpu memory\n' };

const limited = async (files: MemoryFiles) => {
  const { host } = swapMachine(files);
  const before = host.toString();
  const report = await passSwap(host, swapSpec('LimitedSwap'));
  return { report, isUntouched: host.toString().replace(/^\/run.*\n/gm, '') === before.replace(/^\/run.*\n/gm, '') };
};

describe('LimitedSwap', () => {
  it('is in sync with cgroup v2 and a fitting kubelet, and changes nothing', async () => {
    const { report, isUntouched } = await limited({ ...V2, [CONFIG]: GOOD });

    expect(report.entries).toMatchObject([{ state: 'InSync', live: '/dev/vda2 (256 MiB, 0 used)' }]);
    expect(isUntouched).toBe(true);
  });

  it.each([
    ['cgroup v1', { [CONFIG]: GOOD }, /cgroup v2/],
    ['failSwapOn left out', { ...V2, [CONFIG]: GOOD.replace(/failSwapOn.*\n/, '') }, /failSwapOn is not set/],
    ['failSwapOn: true', { ...V2, [CONFIG]: GOOD.replace('false', 'true') }, /failSwapOn is true/],
    ['failSwapOn as a text', { ...V2, [CONFIG]: GOOD.replace('false', '"false"') }, /not true or false/],
    ['no swapBehavior', { ...V2, [CONFIG]: 'failSwapOn: false\n' }, /swapBehavior is not set/],
    ['NoSwap', { ...V2, [CONFIG]: GOOD.replace('LimitedSwap', 'NoSwap') }, /swapBehavior is NoSwap/],
    ['UnlimitedSwap', { ...V2, [CONFIG]: GOOD.replace('LimitedSwap', 'UnlimitedSwap') }, /is UnlimitedSwap/],
    ['the feature gate off', { ...V2, [CONFIG]: `${GOOD}featureGates:\n  NodeSwap: false\n` }, /NodeSwap/],
    ['no YAML', { ...V2, [CONFIG]: 'a: [' }, /not YAML/],
    ['a list', { ...V2, [CONFIG]: '- a\n' }, /not a KubeletConfiguration/],
    ['an empty file', { ...V2, [CONFIG]: '' }, /failSwapOn is not set/],
    [
      'a flag that says otherwise',
      { ...V2, [CONFIG]: GOOD, '/etc/default/kubelet': 'KUBELET_EXTRA_ARGS="--fail-swap-on"\n' },
      /failSwapOn is true/,
    ],
  ] as const)('is incoherent with %s, and nothing is guessed or changed', async (_, files, message) => {
    const { report, isUntouched } = await limited(files);

    expect(report.entries).toMatchObject([{ state: 'Blocked', reason: 'SwapIncoherent', required: true }]);
    expect(report.blocked.map((finding) => finding.message).join()).toMatch(message);
    expect(isUntouched).toBe(true);
  });

  it('is said, but not required, while the node has not joined and has no kubelet configuration', async () => {
    const { report } = await limited(V2);

    expect(report.entries).toMatchObject([{ state: 'Blocked', reason: 'SwapIncoherent', required: false }]);
    expect(report.blocked[0]?.message).toContain(CONFIG);
  });

  it('takes drop-ins over the configuration in the order of their names, and flags over both', async () => {
    const { report } = await limited({
      ...V2,
      [CONFIG]: 'failSwapOn: true\nmemorySwap: {swapBehavior: NoSwap}\n',
      '/etc/kubernetes/kubelet.conf.d/10-a.conf': 'failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n',
      '/etc/kubernetes/kubelet.conf.d/20-b.conf': 'failSwapOn: true\n',
      '/etc/kubernetes/kubelet.conf.d/30-c.yaml': 'memorySwap: {swapBehavior: NoSwap}\n',
      '/var/lib/kubelet/kubeadm-flags.env':
        'KUBELET_KUBEADM_ARGS="--config-dir=/etc/kubernetes/kubelet.conf.d --fail-swap-on=false --v=2"\n',
    });

    expect(report.entries).toMatchObject([{ state: 'InSync' }]);
  });
});

describe('drop-ins of the kubelet', () => {
  it('do not count in a folder that no flag names', async () => {
    const { report } = await limited({
      ...V2,
      [CONFIG]: GOOD,
      '/etc/kubernetes/kubelet.conf.d/10-a.conf': 'failSwapOn: true\n',
    });

    expect(report.entries).toMatchObject([{ state: 'InSync' }]);
  });
});

describe('parseKubeletSwap', () => {
  it('does not read flags in comments', () => {
    const { failSwapOn } = parseKubeletSwap([], [{ file: 'x', text: '# --fail-swap-on=false\nARGS=\n' }]);

    expect(failSwapOn).toBeUndefined();
  });

  it('does not let a YAML bomb grow', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((name, at) => `${name}: &${name} [${`*${'abcdefgh'[at]},`.repeat(9)}]`)
      .join('\n')}\n`;

    expect(parseKubeletSwap([{ file: 'bomb', ...configFrom(bomb) }], []).problems).toHaveLength(1);
  });
});
