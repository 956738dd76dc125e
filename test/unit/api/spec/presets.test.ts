import { describe, expect, it } from 'vitest';
import { loadSpec } from '../../../../src/api/spec/load.ts';
import { NodePrepSpecSource } from '../../../../src/api/spec/nodeprep.ts';
import { isPresetName, PRESET_NAMES, presets, PROFILES } from '../../../../src/api/spec/presets.ts';
import { deniedSysctl } from '../../../../src/api/names/sysctl-names.ts';
import { toYaml } from '../../../../src/api/status/render.ts';

describe('built-in profiles', () => {
  it.each(PRESET_NAMES)('%s passes the checks of a document', (name) => {
    const contents = toYaml({ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', spec: presets[name] });
    expect(() => loadSpec([{ file: name, contents }])).not.toThrow();
    expect(NodePrepSpecSource.safeParse(presets[name]).success).toBe(true);
  });

  it.each(PRESET_NAMES)('%s asks for nothing that is denied', (name) => {
    for (const entry of loadSpec([], { profile: name }).spec.sysctls ?? [])
      expect(deniedSysctl(entry.name)).toBeUndefined();
  });

  it.each([
    ['1.34', 'Any'],
    ['v1.34.9', 'Any'],
    ['1.35', 'v2'],
    ['v1.35.0-rc.1', 'v2'],
    ['1.101.2', 'v2'],
  ])('of Kubernetes %s has cgroup %s', (kubernetesVersion, version) => {
    const spec = { profile: 'kubeadm-worker', kubernetesVersion };
    const contents = toYaml({ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', spec });

    expect(loadSpec([{ file: 'a', contents }]).spec.cgroup).toMatchObject({ version, driver: 'systemd' });
  });

  it.each(['latest', '1', '2.0', '1.35 ', 'v1.x', '01.35', '1.35.', '1.35.1 && reboot'])(
    'of a version of Kubernetes such as "%s" is refused',
    (kubernetesVersion) => {
      const spec = { profile: 'kubeadm-worker', kubernetesVersion };
      const contents = toYaml({ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', spec });

      expect(() => loadSpec([{ file: 'a', contents }])).toThrow('a version of Kubernetes, such as "1.35"');
    },
  );

  it('kubeadm-worker requires what the kubeadm preflight checks', () => {
    const { spec } = loadSpec([], { profile: 'kubeadm-worker' });
    const required = spec.sysctls
      ?.filter((entry) => entry.required)
      .map((entry) => [entry.name, entry.value, entry.match]);
    expect(required).toEqual([
      ['net.bridge.bridge-nf-call-iptables', '1', 'Exact'],
      ['net.bridge.bridge-nf-call-ip6tables', '1', 'Exact'],
      ['net.ipv4.ip_forward', '1', 'Exact'],
    ]);
  });

  it('kubeadm-worker has exactly the values that the kubelet insists on with protectKernelDefaults', () => {
    const { spec } = loadSpec([], { profile: 'kubeadm-worker' });
    const values = new Map(spec.sysctls?.map((entry) => [entry.name, `${entry.match} ${entry.value}`]));
    expect(values.get('vm.overcommit_memory')).toBe('Exact 1');
    expect(values.get('vm.panic_on_oom')).toBe('Exact 0');
    expect(values.get('kernel.panic')).toBe('Exact 10');
    expect(values.get('kernel.panic_on_oops')).toBe('Exact 1');
    expect(values.get('kernel.keys.root_maxkeys')).toBe('Exact 1000000');
    expect(values.get('kernel.keys.root_maxbytes')).toBe('Exact 25000000');
  });

  it('never lower a limit that an administrator raised', () => {
    for (const name of PRESET_NAMES) {
      const limits =
        loadSpec([], { profile: name }).spec.sysctls?.filter((entry) => entry.name.includes('.max_')) ?? [];
      expect(limits.length).toBeGreaterThan(0);
      expect(limits.every((entry) => entry.match === 'AtLeast')).toBe(true);
    }
  });

  it.each(PRESET_NAMES)('%s gives a reason for every entry and for nothing else', (name) => {
    const { spec, entries } = PROFILES[name];
    const declared = [...(spec.modules ?? []), ...(spec.sysctls ?? [])].map((entry) => entry.name);

    const words = (spec.bootParameters ?? []).map((entry) => `${entry.name}=${entry.value}`);

    expect(entries.map((entry) => entry.name)).toEqual([...declared, 'cgroup', 'swap', ...words]);
    expect(entries.filter(({ why }) => !/^[A-Z"].{15,}\.$/.test(why))).toEqual([]);
  });

  it('have own names only', () => {
    expect(isPresetName('kubeadm-worker')).toBe(true);
    expect(isPresetName('hasOwnProperty')).toBe(false);
  });
});
