/** Where the driver of a kubelet is written, and what of its files stays. */
import { describe, expect, it } from 'vitest';
import { writeKubelet } from '../../../../../../src/areas/cgroup/plan/write/kubelet.ts';
import { configFrom, readKubelet } from '../../../../../../src/areas/kubelet.ts';
import { MemoryHost } from '../../../../../../src/host/memory/memory-host.ts';

const CONFIG = '/var/lib/kubelet/config.yaml';
const FLAGS = '/var/lib/kubelet/kubeadm-flags.env';
const KUBEADM = `apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
cgroupDriver: cgroupfs # as it was
clusterDNS:
- 10.96.0.10
kind: KubeletConfiguration
`;
const DROP_INS = { [FLAGS]: 'KUBELET_KUBEADM_ARGS="--config-dir=/etc/kubelet.d"\n', [CONFIG]: KUBEADM };

async function edit(files: Readonly<Record<string, string>>) {
  return writeKubelet(await readKubelet(new MemoryHost(files)), 'systemd');
}

describe('the configuration file of the kubelet', () => {
  it.each([
    ['a value', KUBEADM, KUBEADM.replace('cgroupfs', 'systemd')],
    ['a value in quotes', 'cgroupDriver:   "cgroupfs"\n', 'cgroupDriver:   systemd\n'],
    ['no value', 'kind: KubeletConfiguration\n', 'kind: KubeletConfiguration\ncgroupDriver: systemd # nodeprep\n'],
    [
      'no last line end',
      'kind: KubeletConfiguration',
      'kind: KubeletConfiguration\ncgroupDriver: systemd # nodeprep\n',
    ],
    ['line ends of Windows', 'kind: K\r\ncgroupDriver: cgroupfs\r\n', 'kind: K\r\ncgroupDriver: systemd\r\n'],
  ])('keeps all but the driver: %s', async (_, before, after) => {
    expect(await edit({ [CONFIG]: before })).toEqual({ file: CONFIG, before, after });
  });

  it.each([
    ['one line', '{cgroupDriver: cgroupfs, kind: KubeletConfiguration}\n'],
    ['two documents', 'kind: KubeletConfiguration\n---\nkind: Other\n'],
    ['an anchor', 'cgroupDriver: &driver cgroupfs\nother: *driver\n'],
    ['a key twice', 'cgroupDriver: cgroupfs\ncgroupDriver: cgroupfs\n'],
    ['no mapping', '- a\n'],
    ['a key without a value', 'cgroupDriver:\nkind: KubeletConfiguration\n'],
  ])('is left to a person: %s', async (_, text) => {
    expect(await edit({ [CONFIG]: text })).toMatchObject({ place: { file: CONFIG } });
  });
});

describe('a folder of drop-ins that a flag names', () => {
  it('gets a drop-in, and the file stays', async () => {
    const said = await edit(DROP_INS);

    expect(said).toMatchObject({ file: '/etc/kubelet.d/10-nodeprep.conf' });
    expect(configFrom('after' in said ? (said.after ?? '') : '')).toMatchObject({
      settings: { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', cgroupDriver: 'systemd' },
    });
  });

  it('is left alone where a later drop-in wins, which is named', async () => {
    const later = '/etc/kubelet.d/90-own.conf';

    expect(await edit({ ...DROP_INS, [later]: 'kind: KubeletConfiguration\ncgroupDriver: cgroupfs\n' })).toMatchObject({
      reason: 'RuntimeFileElsewhere',
      place: { file: later, line: 2 },
    });
  });
});
