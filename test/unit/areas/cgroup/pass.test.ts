/** What the area says of hosts whose kernel, runtime and kubelet agree or do not. */
import { describe, expect, it } from 'vitest';
import { CGROUP_GAUGES } from '../../../../src/areas/cgroup/gauges.ts';
import type { MemoryFiles } from '../../../../src/host/memory/memory-host.ts';
import { areaVerdict } from '../../../../src/reconcile/report/area-condition.ts';
import { createMetrics } from '../../../../src/telemetry/metrics/metrics.ts';
import {
  cgroupHost,
  cgroupSpec,
  containerdWith,
  HYBRID,
  inspectCgroup,
  KUBELET,
  passCgroup,
  runningContainerd,
  V2,
} from '../../../support/cgroup-pass.ts';

const CONFIG = '/etc/containerd/config.toml';
const KUBELET_CONFIG = '/var/lib/kubelet/config.yaml';
const JOINED: MemoryFiles = { ...V2, [CONFIG]: containerdWith(true), [KUBELET_CONFIG]: KUBELET };

const populated = (tree: string): MemoryFiles => ({
  [`/sys/fs/cgroup/${tree}/cgroup.events`]: 'populated 1\nfrozen 0\n',
});

describe('a host on which all agree', () => {
  it.each<[string, MemoryFiles, ReturnType<typeof runningContainerd>[]]>([
    ['that has joined', JOINED, [runningContainerd(true)]],
    ['whose runtime does not run yet, as at boot', JOINED, []],
    ['without runtime and kubelet', V2, []],
    ['with pods', { ...JOINED, ...populated('kubepods.slice') }, [runningContainerd(true, { sandboxes: [0, 0, 1] })]],
    [
      'with the empty tree of another driver',
      { ...JOINED, '/sys/fs/cgroup/kubepods/cgroup.events': 'populated 0\n' },
      [],
    ],
    ['of an image', { [CONFIG]: containerdWith(true) }, []],
  ])('is in sync %s, and nothing is changed', async (_, files, runtimes) => {
    const host = cgroupHost(files, runtimes);
    const before = host.toString();

    const report = await passCgroup(host);

    expect(report.entries).toMatchObject([{ name: 'cgroup', state: 'InSync' }]);
    expect(report.blocked).toEqual([]);
    expect(host.toString().replace(/\/var\/lib\/nodeprep.*\n?/g, '')).toBe(before);
  });

  it('is so with the driver of the spec left open', async () => {
    const files = { ...V2, [CONFIG]: containerdWith(false), [KUBELET_CONFIG]: 'cgroupDriver: cgroupfs\n' };
    const { driver, ...spec } = cgroupSpec().cgroup ?? { version: 'Any', controllers: [], whenPodsRun: 'Wait' };
    expect(driver).toBe('systemd');

    const report = await passCgroup(cgroupHost(files), { ...cgroupSpec(), cgroup: spec });

    expect(report.blocked).toEqual([]);
  });
});

describe('a driver that differs', () => {
  it('is told in one message with all four places, the consequence and the lines', async () => {
    const files = { ...JOINED, [CONFIG]: 'version = 2\n', [KUBELET_CONFIG]: KUBELET };
    const host = cgroupHost(files, [runningContainerd(false, { sandboxes: [0, 0, 0, 1] })]);

    const report = await passCgroup(host);

    expect(areaVerdict(report)).toEqual({
      status: 'False',
      reason: 'DriverMismatch',
      message:
        'kernel v2 (cpu cpuset hugetlb io memory misc pids rdma); containerd 1.6.20~ds1 answers cgroupfs, /etc/containerd/config.toml says nothing (default cgroupfs); kubelet says systemd in /var/lib/kubelet/config.yaml:3; 3 pods run. Pods escape their limits until both agree. Write to /etc/containerd/config.toml, each on a line: `[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]` `runtime_type = "io.containerd.runc.v2"` `[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]` `SystemdCgroup = true`, then run "systemctl restart containerd". Drain the node before: running pods stay where they are. NodePrep does not write it: containerd is not installed, and its package brings a file of its own.',
    });
  });

  it('is required only once the node has a kubelet', async () => {
    const files = { ...V2, [CONFIG]: containerdWith(false) };

    expect((await passCgroup(cgroupHost(files))).entries).toMatchObject([
      { state: 'Blocked', reason: 'DriverMismatch', required: false },
    ]);
    expect((await passCgroup(cgroupHost({ ...files, [KUBELET_CONFIG]: KUBELET }))).entries).toMatchObject([
      { state: 'Blocked', reason: 'DriverMismatch', required: true },
    ]);
  });

  it.each<[string, MemoryFiles, ReturnType<typeof runningContainerd>[], RegExp]>([
    [
      'the kubelet in its file',
      { ...JOINED, [KUBELET_CONFIG]: 'kind: KubeletConfiguration\ncgroupDriver: cgroupfs\n' },
      [],
      /kubelet says cgroupfs in \/var\/lib\/kubelet\/config\.yaml:2\. New pods fail until both agree\. An approval/,
    ],
    [
      'the kubelet, which says nothing, as kubeadm before 1.22 left it',
      { ...JOINED, [KUBELET_CONFIG]: 'kind: KubeletConfiguration\n' },
      [],
      /kubelet says nothing \(default cgroupfs\)/,
    ],
    [
      'the kubelet by a flag',
      { ...JOINED, '/var/lib/kubelet/kubeadm-flags.env': 'KUBELET_KUBEADM_ARGS="--cgroup-driver=cgroupfs"\n' },
      [],
      /Take --cgroup-driver out of \/var\/lib\/kubelet\/kubeadm-flags\.env:1 and write.*NodePrep does not write it: \/var\/lib\/kubelet\/kubeadm-flags\.env:1 wins over every file that it could write\.$/,
    ],
    [
      'the running kubelet, whose files were corrected',
      {
        ...JOINED,
        '/sys/fs/cgroup/system.slice/kubelet.service/cgroup.procs': '812\n',
        '/proc/812/cmdline': '/usr/bin/kubelet\0--config=/var/lib/kubelet/config.yaml\0--cgroup-driver=cgroupfs\0',
      },
      [],
      /kubelet says cgroupfs in \/proc\/812\/cmdline/,
    ],
    [
      'a drop-in of the kubelet in a folder that a flag names',
      {
        ...JOINED,
        '/etc/default/kubelet': 'KUBELET_EXTRA_ARGS="--config-dir=/etc/kubelet.d"\n',
        '/etc/kubelet.d/10.conf': 'kind: KubeletConfiguration\ncgroupDriver: cgroupfs\n',
      },
      [],
      /kubelet says cgroupfs in \/etc\/kubelet\.d\/10\.conf:2/,
    ],
    [
      'CRI-O, in its last drop-in',
      {
        ...V2,
        [KUBELET_CONFIG]: KUBELET,
        '/etc/crio/crio.conf': '[crio.runtime]\ncgroup_manager = "systemd"\n',
        '/etc/crio/crio.conf.d/02-cgroup.conf': '[crio.runtime]\nconmon_cgroup = "pod"\ncgroup_manager = "cgroupfs"\n',
      },
      [],
      /crio does not run, \/etc\/crio\/crio\.conf\.d\/02-cgroup\.conf:3 says cgroupfs; .*An approval/,
    ],
    [
      'Docker, in daemon.json',
      {
        ...V2,
        [KUBELET_CONFIG]: `${KUBELET}containerRuntimeEndpoint: unix:///var/run/cri-dockerd.sock\n`,
        [CONFIG]: 'disabled_plugins = ["cri"]\n',
        '/etc/docker/daemon.json': '{\n "exec-opts": ["native.cgroupdriver=cgroupfs"]\n}\n',
      },
      [],
      /\/etc\/docker\/daemon\.json:2 says cgroupfs/,
    ],
  ])('is found: %s', async (_, files, runtimes, message) => {
    const { blocked, conflicts } = await passCgroup(cgroupHost(files, runtimes));

    expect([...blocked, ...conflicts][0]).toMatchObject({
      reason: expect.stringMatching(/^(DriverMismatch|AwaitingApproval|RuntimeFileElsewhere)$/),
      message: expect.stringMatching(message),
    });
  });

  it('is none where the kubelet asks the runtime, from 1.31 on', async () => {
    const files = { ...JOINED, [KUBELET_CONFIG]: 'kind: KubeletConfiguration\n', '/usr/bin/kubelet': '' };
    const runtime = () => runningContainerd(true, { version: 'v2.1.9', driver: 'systemd' });
    const kubelet = (version: string) => ({
      commands: { kubelet: () => ({ stdout: `Kubernetes v${version}\n`, stderr: '' }) },
    });

    expect((await passCgroup(cgroupHost(files, [runtime()], [kubelet('1.34.1')]))).blocked).toEqual([]);
    expect((await passCgroup(cgroupHost(files, [runtime()], [kubelet('1.30.4')]))).blocked).toMatchObject([
      { reason: 'AwaitingApproval', message: expect.stringContaining('kubelet 1.30.4 says nothing') },
    ]);
  });

  it('runs the kubelet for its version once for each of its starts', async () => {
    let runs = 0;
    const kubelet = {
      commands: {
        kubelet: () => {
          runs += 1;
          return { stdout: 'Kubernetes v1.34.1\n', stderr: '' };
        },
      },
    };
    const files = { ...JOINED, [KUBELET_CONFIG]: 'kind: KubeletConfiguration\n' };
    const host = cgroupHost(files, [runningContainerd(true, { version: 'v2.1.9', driver: 'systemd' })], [kubelet]);
    const unit = '/run/systemd/units/invocation:kubelet.service';
    host.put(unit, { link: 'a' });

    for (let pass = 0; pass < 3; pass += 1) await passCgroup(host);
    expect(runs).toBe(1);
    host.put(unit, { link: 'b' });
    await passCgroup(host);
    expect(runs).toBe(2);
  });
});

describe('a configuration that lets pods fail', () => {
  const dropIn = `version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]\nSystemdCgroup = true\n`;

  it('is named: the drop-in that guides show, on containerd 1.x', async () => {
    const host = cgroupHost(
      {
        ...JOINED,
        [CONFIG]: `imports = ["/etc/containerd/conf.d/*.toml"]\n${containerdWith(false)}`,
        '/etc/containerd/conf.d/10-systemd.toml': dropIn,
      },
      [runningContainerd(true, { handlers: { runc: { type: '', systemdCgroup: true } } })],
    );

    const [finding] = (await passCgroup(host)).blocked;

    expect(finding).toMatchObject({ reason: 'RuntimeConfigUnsafe', file: '/etc/containerd/conf.d/10-systemd.toml' });
    expect(finding?.message).toContain('no pod can start ("container.Runtime.Name must be set")');
    expect(finding?.message).toContain('Move its lines to /etc/containerd/config.toml');
  });

  it('is looked for in the files that a pattern of imports fits, and in no other', async () => {
    const file = '/etc/containerd/10.toml';
    const importing = (pattern: string) =>
      cgroupHost({ ...JOINED, [CONFIG]: `imports = ["${pattern}"]\n${containerdWith(true)}`, [file]: dropIn });
    const filesOf = async (pattern: string) => (await passCgroup(importing(pattern))).blocked.map((one) => one.file);

    expect(await filesOf('[0-9]?.toml')).toContain(file);
    expect(await filesOf('[a-z]?.toml')).not.toContain(file);
  });

  it('is looked for however many stars the pattern has', async () => {
    const files = {
      ...JOINED,
      [CONFIG]: `imports = ["${'*a'.repeat(16)}.toml"]\n${containerdWith(true)}`,
      [`/etc/containerd/${'a'.repeat(120)}`]: '',
    };

    expect((await passCgroup(cgroupHost(files))).blocked).toEqual([]);
  });

  it('does not keep the kubelet away while the version of the runtime is not known', async () => {
    const { entries } = await passCgroup(
      cgroupHost({ ...JOINED, [CONFIG]: `imports = ["10.toml"]\n`, '/etc/containerd/10.toml': dropIn }),
    );

    expect(entries).toMatchObject([{ required: false, reason: 'RuntimeConfigUnsafe' }]);
  });

  it.each<[string, MemoryFiles]>([
    ['CRI is off', { [CONFIG]: `disabled_plugins = ["cri"]\n` }],
    ['it is no TOML', { [CONFIG]: 'version = [\n' }],
    ['it has 4 MB', { [CONFIG]: `# ${'x'.repeat(4_000_000)}\n` }],
    ['a text stands for true', { [CONFIG]: containerdWith(true).replace('true', '"yes"') }],
    ['an import is away', { [CONFIG]: `imports = ["/absent.toml"]\n${containerdWith(true)}` }],
    [
      'imports go in a circle, and one is broken',
      {
        [CONFIG]: `imports = ["a.toml"]\n${containerdWith(true)}`,
        '/etc/containerd/a.toml': 'imports = ["config.toml"\n',
      },
    ],
  ])('is named: %s', async (_, files) => {
    const { blocked } = await passCgroup(cgroupHost({ ...JOINED, ...files }));

    expect(blocked[0]).toMatchObject({ reason: 'RuntimeConfigUnsafe' });
    expect(blocked[0]?.required).toBeUndefined();
  });

  it.each<[string, MemoryFiles]>([
    ['crio.conf that is no TOML', { '/etc/crio/crio.conf': '[crio\n' }],
    ['a manager that CRI-O does not know', { '/etc/crio/crio.conf': '[crio.runtime]\ncgroup_manager = "foo"\n' }],
    [
      'cgroupfs with a conmon elsewhere',
      { '/etc/crio/crio.conf': '[crio.runtime]\ncgroup_manager = "cgroupfs"\nconmon_cgroup = "system.slice"\n' },
    ],
    ['daemon.json that is no JSON', { '/etc/docker/daemon.json': '{' }],
    ['daemon.json that is a list', { '/etc/docker/daemon.json': '[]' }],
    [
      'a driver that dockerd does not know',
      { '/etc/docker/daemon.json': '{"exec-opts": ["native.cgroupdriver=foo"]}' },
    ],
    [
      'a driver in file and unit',
      {
        '/etc/docker/daemon.json': '{"exec-opts": ["native.cgroupdriver=systemd"]}',
        '/usr/lib/systemd/system/docker.service':
          '[Service]\nExecStart=/usr/bin/dockerd --exec-opt native.cgroupdriver=systemd\n',
      },
    ],
  ])('is named for the other runtimes: %s', async (_, files) => {
    const { blocked } = await passCgroup(cgroupHost({ ...V2, [KUBELET_CONFIG]: KUBELET, ...files }));

    expect(blocked).toContainEqual(expect.objectContaining({ reason: 'RuntimeConfigUnsafe' }));
  });
});

describe('a containerd that runs without CRI', () => {
  it('is named by what its file says, not by its silence', async () => {
    const files = {
      ...JOINED,
      [CONFIG]: 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\n  systemd_cgroup = true\n',
    };
    const { blocked } = await passCgroup(cgroupHost(files, [runningContainerd(false, { hasNoCri: true })]));

    expect(blocked.map(({ reason }) => reason)).toEqual(['RuntimeConfigUnsafe', 'DriverMismatch']);
    expect(blocked[0]?.message).toMatch(
      /containerd 1\.6\.20~ds1 runs without CRI, .*config\.toml:3 .* Remove that line/,
    );
    expect(blocked[0]?.required).toBeUndefined();
  });

  it('is named though Docker is installed, when the kubelet is told to use it', async () => {
    const files = {
      ...JOINED,
      '/usr/bin/dockerd': '',
      [CONFIG]: 'disabled_plugins = ["cri"]\n',
      '/var/lib/kubelet/kubeadm-flags.env':
        'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///var/run/containerd/containerd.sock"\n',
    };
    const { blocked } = await passCgroup(cgroupHost(files, [runningContainerd(false, { hasNoCri: true })]));

    expect(blocked[0]?.message).toContain('disabled_plugins in /etc/containerd/config.toml turns CRI off');
  });
});

const CONTAINER = '39d9c74cf7a12b72a48c1d4bc1e56a419e67c954b4432729690390d194245bef';

describe('pods in the wrong place', () => {
  it.each<[string, MemoryFiles, RegExp]>([
    [
      'two trees',
      { ...populated('kubepods.slice'), ...populated('kubepods') },
      /in kubepods\.slice and in kubepods\. Pods of both drivers/,
    ],
    [
      'outside of kubepods.slice',
      { '/sys/fs/cgroup/system.slice/kubepods-besteffort-pod1.slice:cri-containerd:ab': null },
      /pods run outside of kubepods\.slice\. Containers of pods run outside of kubepods\.slice \(1\)/,
    ],
  ])('are seen by the effect: %s', async (_, files, message) => {
    const [finding] = (await passCgroup(cgroupHost({ ...JOINED, ...files }))).blocked;

    expect(finding).toMatchObject({ reason: 'HalfMigrated', message: expect.stringMatching(message) });
  });

  it('are seen on cgroup v1 as well', async () => {
    const files = {
      ...HYBRID,
      [`/sys/fs/cgroup/memory/kubepods/burstable/pod1/${CONTAINER}`]: null,
      [`/sys/fs/cgroup/memory/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod2.slice/cri-containerd-${CONTAINER}.scope`]:
        null,
    };

    expect((await passCgroup(cgroupHost(files))).blocked[0]).toMatchObject({ reason: 'HalfMigrated' });
  });

  it.each(['/memory', '/systemd/system.slice/containerd.service'])(
    'are seen on cgroup v1 where the runtime itself is: %s',
    async (place) => {
      const folder = 'kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice';
      const files = {
        ...HYBRID,
        [`/sys/fs/cgroup/memory/${folder}/cgroup.procs`]: '',
        [`/sys/fs/cgroup${place}/kubepods-burstable-pod1.slice:cri-containerd:${CONTAINER}`]: null,
      };

      const [finding] = (await passCgroup(cgroupHost(files))).blocked;

      expect(finding).toMatchObject({ reason: 'HalfMigrated' });
      expect(finding?.message).toContain('; pods run outside of kubepods.slice. ');
    },
  );
});

describe('the kernel', () => {
  it('with v1 is warned of, and refused where the spec demands v2', async () => {
    const host = () => cgroupHost(HYBRID);

    expect(await passCgroup(host())).toMatchObject({ entries: [{ state: 'InSync' }], left: [{ reason: 'CgroupV1' }] });
    expect((await passCgroup(host(), cgroupSpec({ version: 'v2' }))).entries).toMatchObject([
      {
        reason: 'CgroupV1',
        required: true,
        live: expect.stringContaining('kernel v1 (hybrid) (cpu cpuset memory pids)'),
      },
    ]);
  });

  it.each([
    ['v2', { ...V2, '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io pids\n' }],
    ['v1', { ...HYBRID, '/proc/cgroups': 'cpuset\t4\t2\t1\ncpu\t6\t40\t1\nmemory\t0\t80\t0\npids\t8\t50\t1\n' }],
  ])('without the memory controller is named on %s', async (_, files) => {
    const [finding] = (await passCgroup(cgroupHost(files))).blocked;

    expect(finding).toMatchObject({
      reason: 'ControllerMissing',
      message: expect.stringContaining('cgroup_enable=memory'),
    });
  });
});

describe('a runtime that cannot be asked', () => {
  it.each<[string, Parameters<typeof runningContainerd>[1]]>([
    ['does not answer', { instead: { problem: 'it did not answer within 5 s' } }],
    ['answers nonsense', { instead: { message: Buffer.from('ffffffffffffffffffffff', 'hex') } }],
  ])('is named when it %s, and its files count', async (_, more) => {
    const { blocked, entries } = await passCgroup(cgroupHost(JOINED, [runningContainerd(true, more)]));

    expect(blocked).toMatchObject([{ reason: 'RuntimeUnreachable', required: false, transient: true }]);
    expect(entries[0]?.message).toContain('says systemd');
  });

  it('is not asked before its unit runs', async () => {
    const runtime = runningContainerd(true);
    const host = cgroupHost(JOINED, [runtime]);
    host.put('/run/systemd/units/invocation:containerd.service', undefined);

    await passCgroup(host);
    expect(runtime.asked()).toBe(0);
    runtime.start(host);
    await passCgroup(host);
    expect(runtime.asked()).toBe(4);
  });
});

describe('verify and explain', () => {
  it('pass on a host that agrees', async () => {
    const { verify, explain } = await inspectCgroup(
      cgroupHost({ ...JOINED, ...populated('kubepods.slice') }, [runningContainerd(true)]),
    );

    expect(verify().map(({ title, outcome }) => `${title}: ${outcome}`)).toEqual([
      'cgroup version is 2: pass',
      'memory cgroup controller is enabled: pass',
      'cgroup drivers of runtime and kubelet agree: pass',
      'pods are in one tree of control groups: pass',
      'CRI of the container runtime is on: pass',
    ]);
    expect(explain('cgroup')).toMatchObject({
      name: 'cgroup',
      sources: [
        { file: CONFIG, line: 5, value: 'systemd', note: 'for the next start' },
        { file: '/run/containerd/containerd.sock', value: 'systemd', wins: true },
        { file: KUBELET_CONFIG, line: 3, value: 'systemd', wins: true },
      ],
    });
    expect(explain('containerd')?.sources).toHaveLength(2);
    expect(explain('crio')?.live).toBe('not installed');
    expect(explain('podman')).toBeUndefined();
  });

  it('skip what is not installed and only warn of what is not declared', async () => {
    const { cgroup, ...nothing } = cgroupSpec();
    expect(cgroup).toBeDefined();
    const bare = await inspectCgroup(cgroupHost(V2), nothing);
    const differing = await inspectCgroup(cgroupHost({ ...JOINED, [CONFIG]: containerdWith(false) }), nothing);

    expect(bare.verify().map(({ outcome }) => outcome)).toEqual(['pass', 'pass', 'skip', 'skip', 'skip']);
    expect(differing.verify().map(({ outcome }) => outcome)).toEqual(['pass', 'pass', 'warn', 'skip', 'pass']);
  });
});

describe('the metric nodeprep_cgroup_info', () => {
  it('has hierarchy, runtime and both drivers, of the moment of the scrape', async () => {
    const host = cgroupHost({ ...JOINED, [CONFIG]: containerdWith(false) }, [runningContainerd(false)]);
    const metrics = createMetrics({
      version: '1',
      probes: CGROUP_GAUGES.map((gauge) => ({ ...gauge, read: () => gauge.read(host) })),
    });
    const lines = async () =>
      (await metrics.render()).split('\n').filter((line) => line.startsWith('nodeprep_cgroup_info{'));

    expect(await lines()).toEqual([
      'nodeprep_cgroup_info{version="v2",runtime="containerd",runtime_version="1.6.20~ds1",runtime_driver="cgroupfs",kubelet_driver="systemd"} 1',
    ]);
    host.put(KUBELET_CONFIG, 'kind: KubeletConfiguration\n');
    expect(await lines()).toEqual([expect.stringContaining('kubelet_driver="cgroupfs"} 1')]);
  });
});
