/** What becomes of the files of runtimes and kubelet when a driver is declared, and when it is no longer. */
import { describe, expect, it } from 'vitest';
import { emptySpec, type NodePrepSpec } from '../../../../src/api/spec/nodeprep.ts';
import { cgroup } from '../../../../src/areas/cgroup/index.ts';
import { createDraft } from '../../../../src/host/draft.ts';
import type { MemoryBehaviour, MemoryFiles, MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { openLedger } from '../../../../src/reconcile/ledger/ledger.ts';
import { sweepUnfinished } from '../../../../src/reconcile/ledger/sweep.ts';
import { manage } from '../../../../src/reconcile/pass/pass.ts';
import { survive } from '../../../support/survive.ts';
import { cgroupHost, cgroupSpec, containerdWith, KUBELET, passCgroup, V2 } from '../../../support/cgroup-pass.ts';
import { CONTAINERD, containerdProgram } from '../../../support/runtimes/containerd-program.ts';

const CONFIG = '/etc/containerd/config.toml';
const DROP_IN = '/etc/containerd/conf.d/99-nodeprep.toml';
const KUBELET_CONFIG = '/var/lib/kubelet/config.yaml';
const DAEMON = '/etc/docker/daemon.json';
/** The main file of Debian's packages. */
const DEBIAN = `version = 2

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/usr/lib/cni"
      conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.internal.v1.opt"]
    path = "/var/lib/containerd/opt"
`;
const V3 = "plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes";
const RESTORE: NodePrepSpec = { ...cgroupSpec(), deletionPolicy: 'Restore' };

const withContainerd = (version: string, files: MemoryFiles, more: readonly MemoryBehaviour[] = []) =>
  cgroupHost({ ...V2, [CONTAINERD]: '', ...files }, [], [containerdProgram(version).behaviour, ...more]);

async function takenBack(host: MemoryHost) {
  return passCgroup(host, emptySpec('Restore'));
}

describe('the file of containerd 1.x', () => {
  it('gets the whole table of runc where it has none', async () => {
    const host = withContainerd('1.6.20~ds1', { [CONFIG]: DEBIAN });

    const report = await passCgroup(host);

    expect(report.failures).toEqual([]);
    expect(host.text(CONFIG)).toBe(`${DEBIAN}
# nodeprep begin
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = true
# nodeprep end
`);
    expect(report.entries).toMatchObject([{ state: 'InSync' }]);
  });

  it.each([
    ['a value', containerdWith(false), containerdWith(true)],
    [
      'a value in single quotes, with blanks and a comment',
      `version = 2\n[ plugins . 'io.containerd.grpc.v1.cri' . containerd . runtimes . runc ]\nruntime_type = 'io.containerd.runc.v2'\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.runc.options] # of runc\n\tSystemdCgroup=false # no\n`,
      `version = 2\n[ plugins . 'io.containerd.grpc.v1.cri' . containerd . runtimes . runc ]\nruntime_type = 'io.containerd.runc.v2'\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.runc.options] # of runc\n\tSystemdCgroup=true # no\n`,
    ],
    [
      'a table without the key, with the line ends of Windows',
      'version = 2\r\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]\r\nruntime_type = "io.containerd.runc.v2"\r\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]\r\n  BinaryName = "/usr/sbin/runc"\r\n',
      'version = 2\r\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]\r\nruntime_type = "io.containerd.runc.v2"\r\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]\r\n  # nodeprep begin\r\n  SystemdCgroup = true\r\n  # nodeprep end\r\n  BinaryName = "/usr/sbin/runc"\r\n',
    ],
  ])('keeps all but %s', async (_, before, after) => {
    const host = withContainerd('1.7.24', { [CONFIG]: before });

    await passCgroup(host, RESTORE);
    expect(host.text(CONFIG)).toBe(after);

    await takenBack(host);
    expect(host.text(CONFIG)).toBe(before);
  });

  it('is made where there is none, and is removed again', async () => {
    const host = withContainerd('1.7.24', {});

    await passCgroup(host, RESTORE);
    expect(host.text(CONFIG)).toContain('version = 2\n');

    await takenBack(host);
    expect(host.text(CONFIG)).toBeUndefined();
  });

  it('gets the driver for every runtime that uses runc', async () => {
    const nvidia = containerdWith(false).replaceAll('runc]', 'nvidia]').replaceAll('runc.options', 'nvidia.options');
    const host = withContainerd('1.7.24', {
      [CONFIG]: `${containerdWith(false)}${nvidia.replace('version = 2\n', '')}`,
    });

    const report = await passCgroup(host);

    expect(report.entries).toMatchObject([{ state: 'InSync' }]);
    expect(host.text(CONFIG)?.match(/SystemdCgroup = true/g)).toHaveLength(2);
  });

  it('is left alone where an import replaces it, which is named', async () => {
    const files = {
      [CONFIG]: `imports = ["/etc/containerd/conf.d/*.toml"]\n${DEBIAN}`,
      '/etc/containerd/conf.d/10-other.toml': containerdWith(false),
    };
    const host = withContainerd('1.7.24', files);

    const report = await passCgroup(host);

    expect(report.conflicts).toMatchObject([
      { reason: 'RuntimeFileElsewhere', file: '/etc/containerd/conf.d/10-other.toml', line: 5 },
    ]);
    expect(host.text(CONFIG)).toBe(files[CONFIG]);
    expect(report.applied).toEqual([]);
  });

  it.each([
    ['version 1', '[plugins.cri.containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v2"\n'],
    [
      'inline tables',
      'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd]\n  runtimes = { runc = { runtime_type = "io.containerd.runc.v2", options = { SystemdCgroup = false } } }\n',
    ],
    [
      'dotted keys',
      'version = 2\nplugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc = {runtime_type = "io.containerd.runc.v2"}\n',
    ],
    ['bytes that are not UTF-8', 'version = 2\n# \uFFFD\n'],
  ])('is left to a person with the lines to write: %s', async (_, text) => {
    const host = withContainerd('1.7.24', { [CONFIG]: text });

    const report = await passCgroup(host);

    expect(report.blocked[0]?.message).toMatch(/SystemdCgroup = true.*NodePrep does not write it: /);
    expect(host.text(CONFIG)).toBe(text);
  });

  it('is not written through a link', async () => {
    const host = withContainerd('1.7.24', { [CONFIG]: { link: '/srv/config.toml' }, '/srv/config.toml': DEBIAN });

    const report = await passCgroup(host);

    expect(report.blocked[0]?.message).toContain('/etc/containerd/config.toml is a link');
    expect(host.text('/srv/config.toml')).toBe(DEBIAN);
  });
});

describe('what a kill leaves', () => {
  it('is swept, and no candidate stays after a pass', async () => {
    const host = withContainerd('1.7.24', { [CONFIG]: DEBIAN });
    for (let kill = 0; kill < 12; kill += 1) {
      host.dieAfter(kill);
      await survive(passCgroup(host));
      host.revive();
      const text = host.text(CONFIG) ?? '';
      expect([DEBIAN, `${DEBIAN}\n# nodeprep begin`].some((one) => text === one || text.startsWith(one))).toBe(true);
    }
    await passCgroup(host);
    host.put('/etc/containerd/.config.toml.candidate.nodeprep.tmp', 'left');

    await sweepUnfinished(host, [cgroup]);

    expect([...host.nodes.keys()].filter((path) => path.includes('nodeprep.tmp'))).toEqual([]);
    expect(host.text(CONFIG)).toContain('SystemdCgroup = true');
  });
});

describe('a draft', () => {
  it('shows the file that would be written, without a run of containerd', async () => {
    const program = containerdProgram('1.7.24');
    const host = cgroupHost({ ...V2, [CONTAINERD]: '', [CONFIG]: DEBIAN }, [], [program.behaviour]);
    const draft = createDraft(host);
    const ledger = await openLedger(host, () => new Date());
    const context = { host, ledger, signal: new AbortController().signal, clock: () => 0, dryRun: true };

    await manage(cgroup).reconcile(cgroupSpec(), { ...context, draft: { host: draft.host, onOther: () => undefined } });

    expect(draft.files()).toMatchObject([
      { path: CONFIG, after: { bytes: expect.stringContaining('SystemdCgroup = true') } },
    ]);
    expect([host.text(CONFIG), program.dumps()]).toEqual([DEBIAN, 0]);
  });
});

describe('the proof', () => {
  const strict = (change: (text: string) => string): MemoryBehaviour => ({
    commands: {
      [CONTAINERD]: async (host, args, command) => {
        const said = await containerdProgram('1.7.24').behaviour.commands?.[CONTAINERD]?.(host, args, command);
        return { stdout: args[1] === CONFIG ? (said?.stdout ?? '') : change(said?.stdout ?? ''), stderr: '' };
      },
    },
  });
  const provedBy = (behaviour: MemoryBehaviour) =>
    cgroupHost({ ...V2, [CONTAINERD]: '', [CONFIG]: DEBIAN }, [], [behaviour]);

  it.each([
    ['another setting changes', (text: string) => text.replace('pause:3.6', 'pause:3.9'), /sandbox_image as well/],
    [
      'the type of a runtime is lost',
      (text: string) => text.replace('io.containerd.runc.v2', ''),
      /without runtime_type/,
    ],
    ['the driver does not change', (text: string) => text.replace('SystemdCgroup = true', ''), /SystemdCgroup = false/],
    ['it prints no TOML', () => '=', /cannot be read/],
  ])('fails when %s, and nothing is written', async (_, change, message) => {
    const host = provedBy(strict(change));

    const report = await passCgroup(host);

    expect(report.failures).toMatchObject([{ reason: 'RuntimeConfigUnsafe', message: expect.stringMatching(message) }]);
    expect(host.text(CONFIG)).toBe(DEBIAN);
    expect([...host.nodes.keys()].filter((path) => path.includes('.nodeprep.tmp'))).toEqual([]);
  });

  it('is not tried again until the file changes', async () => {
    const program = containerdProgram('1.7.24');
    const refusing: MemoryBehaviour = {
      commands: {
        [CONTAINERD]: async (host, args, command) => {
          const said = await program.behaviour.commands?.[CONTAINERD]?.(host, args, command);
          return { stdout: (said?.stdout ?? '').replace('SystemdCgroup = true', 'SystemdCgroup = false'), stderr: '' };
        },
      },
    };
    const host = provedBy(refusing);
    await passCgroup(host);
    await passCgroup(host);
    expect(program.dumps()).toBe(2);

    host.put(CONFIG, `# mine\n${DEBIAN}`);
    await passCgroup(host);
    expect(program.dumps()).toBe(4);
  });
});

describe('a drop-in of containerd 2', () => {
  const imports = 'imports = ["/etc/containerd/conf.d/*.toml"]\n';

  it.each([
    ['3', `version = 3\n${imports}`, `[${V3}.runc.options]`],
    ['2', `version = 2\n${imports}`, '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]'],
  ])('has version %s as the main file, which stays as it is', async (version, main, header) => {
    const host = withContainerd('2.1.9', { [CONFIG]: main });

    const report = await passCgroup(host, RESTORE);

    expect(report.failures).toEqual([]);
    expect(host.text(CONFIG)).toBe(main);
    expect(host.text(DROP_IN)).toContain(
      `version = ${version}\n\n# nodeprep begin\n${header}\n  SystemdCgroup = true\n`,
    );
    expect(report.entries).toMatchObject([{ state: 'InSync' }]);

    await takenBack(host);
    expect(host.text(DROP_IN)).toBeUndefined();
  });

  it('covers runtimes of other drop-ins', async () => {
    const nvidia = `version = 3\n[${V3}.nvidia]\nruntime_type = "io.containerd.runc.v2"\n`;
    const host = withContainerd('2.1.9', {
      [CONFIG]: `version = 3\n${imports}`,
      '/etc/containerd/conf.d/50-nvidia.toml': nvidia,
    });

    await passCgroup(host);

    expect(host.text(DROP_IN)).toContain(`[${V3}.nvidia.options]\n  SystemdCgroup = true`);
    expect(host.text('/etc/containerd/conf.d/50-nvidia.toml')).toBe(nvidia);
  });

  it('is not written where a later one wins, which is named', async () => {
    const later = '/etc/containerd/conf.d/99-zz.toml';
    const host = withContainerd('2.1.9', {
      [CONFIG]: `version = 3\n${imports}`,
      [later]: `version = 3\n[${V3}.runc.options]\nSystemdCgroup = false\n`,
    });

    const report = await passCgroup(host);

    expect(report.conflicts).toMatchObject([{ reason: 'RuntimeFileElsewhere', file: later, line: 3 }]);
    expect(host.text(DROP_IN)).toBeUndefined();
  });
});

describe('files of other programs', () => {
  const cgroupfs = cgroupSpec({ driver: 'cgroupfs' });

  it.each<[string, string, string, string | undefined, string, NodePrepSpec]>([
    [
      'CRI-O in a drop-in',
      '/etc/crio/crio.conf',
      '/etc/crio/crio.conf.d/99-nodeprep.conf',
      undefined,
      '# Managed by NodePrep. Changes made here are overwritten.\n[crio.runtime]\ncgroup_manager = "cgroupfs"\nconmon_cgroup = "pod"\n',
      cgroupfs,
    ],
    [
      'Docker, with no member',
      '/usr/bin/dockerd',
      DAEMON,
      '{}\n',
      '{\n  "exec-opts": ["native.cgroupdriver=cgroupfs"]\n}\n',
      cgroupfs,
    ],
    [
      'Docker, beside other members',
      '/usr/bin/dockerd',
      DAEMON,
      '{\n\t"log-driver": "json-file",\n\t"log-opts": {"max-size": "10m"}\n}\n',
      '{\n\t"log-driver": "json-file",\n\t"log-opts": {"max-size": "10m"},\n\t"exec-opts": ["native.cgroupdriver=cgroupfs"]\n}\n',
      cgroupfs,
    ],
    [
      'Docker, beside another option',
      '/usr/bin/dockerd',
      DAEMON,
      '{"exec-opts": ["isolation=x", "native.cgroupdriver=systemd"], "debug": true}',
      '{"exec-opts": ["isolation=x", "native.cgroupdriver=cgroupfs"], "debug": true}',
      cgroupfs,
    ],
  ])('get the driver and nothing else, and give it back: %s', async (_, sign, file, before, after, spec) => {
    const host = cgroupHost({ ...V2, [sign]: '', ...(before === undefined ? {} : { [file]: before }) });

    const report = await passCgroup(host, { ...spec, deletionPolicy: 'Restore' });
    expect(report.failures).toEqual([]);
    expect(host.text(file)).toBe(after);

    await takenBack(host);
    expect(host.text(file)).toBe(before);
  });
});

describe('the way back', () => {
  it('keeps what others have written meanwhile', async () => {
    const host = withContainerd('1.7.24', { [CONFIG]: DEBIAN, [KUBELET_CONFIG]: '' });
    host.put(KUBELET_CONFIG, undefined);
    await passCgroup(host, RESTORE);
    host.put(CONFIG, `# mine\n${host.text(CONFIG)}\n[debug]\n  level = "info"\n`);

    await takenBack(host);

    expect(host.text(CONFIG)).toBe(`# mine\n${DEBIAN}\n\n[debug]\n  level = "info"\n`);
  });

  it('leaves a value that a person has changed meanwhile', async () => {
    const other = '# by hand\n';
    const host = withContainerd('1.7.24', { [CONFIG]: containerdWith(false) });
    await passCgroup(host, RESTORE);
    host.put(CONFIG, `${other}${host.text(CONFIG)}`);

    await takenBack(host);
    expect(host.text(CONFIG)).toBe(`${other}${containerdWith(false)}`);
  });

  it('is found by marks when the record was lost', async () => {
    const host = withContainerd('1.7.24', { [CONFIG]: DEBIAN });
    await passCgroup(host, RESTORE);
    host.put('/var/lib/nodeprep', undefined);

    await takenBack(host);

    expect(host.text(CONFIG)).toBe(DEBIAN);
  });

  it('stays with Keep, and says so', async () => {
    const host = withContainerd('1.7.24', { [CONFIG]: containerdWith(false) });
    await passCgroup(host);

    const report = await passCgroup(host, emptySpec('Keep'));

    expect(host.text(CONFIG)).toBe(containerdWith(true));
    expect(report.left).toMatchObject([{ file: CONFIG, message: expect.stringContaining('deletionPolicy is Keep') }]);
  });

  it('begins as well when the driver is no longer declared', async () => {
    const host = withContainerd('1.7.24', { [CONFIG]: DEBIAN });
    await passCgroup(host, RESTORE);
    const { driver: _, ...rest } = RESTORE.cgroup ??
      cgroupSpec().cgroup ?? { version: 'Any', controllers: [], whenPodsRun: 'Wait' };

    await passCgroup(host, { ...RESTORE, cgroup: rest });

    expect(host.text(CONFIG)).toBe(DEBIAN);
  });
});

describe('nothing is written', () => {
  it.each<[string, MemoryFiles, NodePrepSpec]>([
    [
      'without a driver in the spec',
      { [CONFIG]: DEBIAN, [CONTAINERD]: '' },
      { ...cgroupSpec(), cgroup: { version: 'Any', controllers: [], whenPodsRun: 'Wait' } },
    ],
    [
      'for a runtime that the spec leaves out',
      { [CONFIG]: DEBIAN, [CONTAINERD]: '' },
      cgroupSpec({ runtimes: ['crio', 'kubelet'] }),
    ],
    ['on k3s', { [CONFIG]: DEBIAN, [CONTAINERD]: '', '/var/lib/rancher/k3s/agent': null }, cgroupSpec()],
    ['before containerd is installed', { [CONFIG]: DEBIAN }, cgroupSpec()],
    ['while CRI is off', { [CONFIG]: 'version = 2\ndisabled_plugins = ["cri"]\n', [CONTAINERD]: '' }, cgroupSpec()],
    ['in Audit', { [CONFIG]: DEBIAN, [CONTAINERD]: '' }, { ...cgroupSpec(), mode: 'Audit' }],
    [
      'for another runtime than that of the kubelet',
      { [CONFIG]: containerdWith(true), [DAEMON]: '{}' },
      cgroupSpec({ driver: 'systemd' }),
    ],
  ])('%s', async (_, files, spec) => {
    const host = cgroupHost({ ...V2, ...files }, [], [containerdProgram('1.7.24').behaviour]);
    const before = host.toString();

    await passCgroup(host, spec);

    expect(host.toString().replace(/\/var\/lib\/nodeprep.*\n?/g, '')).toBe(before);
    expect(host.mutations).toBe(0);
  });
});

describe('the kubelet that has not joined', () => {
  it('is left to kubeadm, which writes the driver itself', async () => {
    const host = withContainerd('1.7.24', { [CONFIG]: containerdWith(true) });

    const report = await passCgroup(host);

    expect([report.applied, host.text(KUBELET_CONFIG)]).toEqual([[], undefined]);
    expect(KUBELET).toContain('cgroupDriver: systemd');
  });
});
